"""Letters to people: by SMTP where it is configured, else into a folder, for development.

A letter is plain text. What is in one is a secret of whom it is sent to: no line of the log holds it, but in
development, where there is no mail and the link in it is the only way on.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from rivya.kit.ids import new_id
from rivya.settings import Settings

log = structlog.get_logger()

_PATIENCE_S = 20.0


class MailFailed(Exception):
    """The letter could not be handed to the mail server."""


@dataclass(frozen=True, slots=True)
class Letter:
    to: str
    subject: str
    text: str
    link: str | None = None


class Mailer:
    """Sends letters. ``smtp_url`` is ``smtp://user:password@host:port`` (STARTTLS where offered) or ``smtps://``."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.smtp_url.get_secret_value() if settings.smtp_url is not None else None
        self._from = settings.mail_from
        self._folder = settings.data_dir / "mail"
        self._shows_links = settings.environment == "development"

    @property
    def delivers(self) -> bool:
        """Whether letters really go out."""
        return self._url is not None

    async def send(self, letter: Letter) -> None:
        """Send a letter. Raises MailFailed."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._from, letter.to, letter.subject
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="rivya.invalid")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        if self._url is not None:
            await self._by_smtp(self._url, message)
            log.info("mail.sent", subject=letter.subject)
            return
        file = await asyncio.to_thread(_written, self._folder, message)
        log.info(
            "mail.written",
            file=str(file),
            subject=letter.subject,
            **({"link": letter.link} if letter.link and self._shows_links else {}),
        )

    async def _by_smtp(self, url: str, message: EmailMessage) -> None:
        parts = urlsplit(url)
        implicit = parts.scheme == "smtps"
        try:
            await aiosmtplib.send(
                message,
                hostname=parts.hostname,
                port=parts.port or (465 if implicit else 587),
                username=unquote(parts.username) if parts.username else None,
                password=unquote(parts.password) if parts.password else None,
                use_tls=implicit,
                tls_context=ssl.create_default_context(),
                timeout=_PATIENCE_S,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            # Its words may hold the address or what the server said of it.
            log.error("mail.failed", error=type(error).__name__)
            raise MailFailed(MailFailed.__doc__) from None


def _written(folder: Path, message: EmailMessage) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{new_id('mail')}.eml"
    file.write_bytes(message.as_bytes())
    return file
