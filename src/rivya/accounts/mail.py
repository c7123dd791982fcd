"""Letters to people: by SMTP where it is configured, else into a folder, for development.

A letter is plain text. What is in one is a secret of whom it is sent to: no line of the log holds it, but in
development, where there is no mail and the link in it is the only way on.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from rivya.settings import Settings

log = structlog.get_logger()

_PATIENCE_S = 20.0


class MailFailed(Exception):
    """The letter could not be handed to the mail server. ``for_good``: there is nobody to take it."""

    def __init__(self, *, for_good: bool) -> None:
        super().__init__("for good" if for_good else "for now")
        self.for_good = for_good


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

    async def send(self, letter: Letter, *, id: str) -> None:
        """Send a letter. ``id`` is its own: one that is sent twice can be known by it. Raises MailFailed."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._from, letter.to, letter.subject
        message["Date"], message["Message-ID"] = formatdate(), f"<{id}@rivya.invalid>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        if self._url is not None:
            await self._by_smtp(self._url, message)
            log.info("mail.sent", subject=letter.subject)
            return
        file = await asyncio.to_thread(_written, self._folder / f"{id}.eml", message)
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
            raise MailFailed(for_good=_is_refused(error)) from None


def _is_refused(error: Exception) -> bool:
    """Return True if the server will have nothing for this address, today or tomorrow (RFC 5321, 4.2.1: 5yz)."""
    return isinstance(error, aiosmtplib.SMTPRecipientsRefused) and all(one.code >= 500 for one in error.recipients)


def _written(file: Path, message: EmailMessage) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    begun = file.with_suffix(".part")
    begun.write_bytes(message.as_bytes())
    return begun.rename(file)  # whoever looks finds whole letters
