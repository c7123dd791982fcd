"""The file that says who may vouch for people: ``RIVYA_OPENID_FILE``. docs/operations/sign-in.md shows one."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from rivya.kit.operator_error import OperatorError

GITHUB = "https://github.com"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_LOCAL = ("localhost", "127.0.0.1", "::1")


class BadOpenIDFile(OperatorError):
    """The file cannot be used: the message says which key of it, and what was expected."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One who vouches. ``client_secret_env`` names the environment variable that holds the secret."""

    title: str
    client_id: str
    client_secret_env: str | None = None
    kind: Literal["openid", "github"] = "openid"
    issuer: str | None = None
    """Of the kind openid: the URL below which /.well-known/openid-configuration is. Of the kind github: where GitHub
    is, if it is one of your own."""
    scopes: tuple[str, ...] = ("openid", "email", "profile")


class Provider(msgspec.Struct, frozen=True):
    """One who vouches, with all that is needed to ask."""

    name: str
    """What it is called in our URLs."""
    title: str
    kind: Literal["openid", "github"]
    issuer: str
    client_id: str
    client_secret: str | None
    scopes: tuple[str, ...]

    @property
    def answers_as(self) -> str:
        """Return what it calls itself when it sends people back (RFC 9207), if it says so."""
        return f"{self.issuer}/login/oauth" if self.kind == "github" else self.issuer


def load(file: Path | None, *, environment: Mapping[str, str] = os.environ) -> dict[str, Provider]:
    """Return who may vouch, by name, in the file's order; nobody without a file. Raises BadOpenIDFile."""
    if file is None:
        return {}
    try:
        entries = msgspec.convert(tomllib.loads(file.read_text("utf-8")), dict[str, Entry])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadOpenIDFile(f"{file}: {error}") from error
    return {name: _provider(file, name, entry, environment) for name, entry in entries.items()}


def _provider(file: Path, name: str, entry: Entry, environment: Mapping[str, str]) -> Provider:
    def bad(key: str, expected: str) -> BadOpenIDFile:
        return BadOpenIDFile(f"{file}: {name}.{key}: {expected}")

    if not _NAME.fullmatch(name):
        raise BadOpenIDFile(f"{file}: {name!r} must be a name of small letters, digits and hyphens, for URLs")
    if not entry.title.strip() or not entry.client_id.strip():
        raise bad("title" if not entry.title.strip() else "client_id", "must not be empty")
    issuer = entry.issuer or (GITHUB if entry.kind == "github" else "")
    url = urlsplit(issuer)
    if not url.hostname or url.query or url.fragment or url.username:
        raise bad("issuer", "must be the issuer's URL, without query")
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in _LOCAL):
        raise bad("issuer", "must begin with https://")
    secret = None
    if entry.client_secret_env is not None:
        secret = environment.get(entry.client_secret_env)
        if not secret:
            raise bad("client_secret_env", f"the environment has no {entry.client_secret_env}")
    if entry.kind == "github":
        if secret is None:
            raise bad("client_secret_env", "GitHub needs a secret")
        return Provider(name, entry.title, "github", issuer.rstrip("/"), entry.client_id, secret, ("user:email",))
    if "openid" not in entry.scopes or "email" not in entry.scopes:
        raise bad("scopes", 'must hold "openid" and "email"')
    return Provider(name, entry.title, "openid", issuer, entry.client_id, secret, entry.scopes)
