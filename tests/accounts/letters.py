"""The mails that an installation without a mail server wrote."""

from __future__ import annotations

import email
import email.policy
import re
from pathlib import Path
from typing import Any

from rivya.accounts.letters import Letters
from rivya.accounts.mail import Mailer
from rivya.kit.db import Pool
from rivya.settings import Settings

URL = "https://rivya.example"


def outbox(pool: Pool, folder: Path, **settings: Any) -> Letters:
    """Return an outbox whose letters are written into a folder, unless the settings say otherwise."""
    mailer = Mailer(Settings(data_dir=folder, _env_file=None, **settings))  # type: ignore[call-arg]
    return Letters(pool, mailer, base_url=URL)


def letters(data_dir: Path, to: str) -> list[str]:
    """Return the texts of the mails to an address, oldest first."""
    found: list[str] = []
    for file in sorted((data_dir / "mail").glob("*.eml")):
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        if message["To"] == to:
            found.append(message.get_content())
    return found


def link(text: str, path: str) -> str:
    """Return the link to a path of a mail."""
    found = re.search(rf"\S+{path}\?token=\S+", text)
    assert found is not None, text
    return found[0]


def token(text: str, path: str) -> str:
    """Return the token of a mail's link."""
    return link(text, path).split("token=")[1]
