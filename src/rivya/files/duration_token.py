"""Duration tokens: a client carries our own measurement of its file back to us, and cannot change it on the way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from datetime import datetime

from rivya.errors import ValidationFailed
from rivya.files.model import FileId
from rivya.kit.ids import AccountId

_TOKEN = re.compile(r"rvdt_(\d{1,12})_(\d{1,12})_([A-Za-z0-9_-]{32})", re.ASCII)


class DurationTokens:
    """Makes and checks tokens. All processes of an installation share ``key``."""

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.sha256(b"rivya duration tokens\0" + key).digest()

    def make(self, *, account: AccountId, file: FileId, duration_s: float, expires_at: datetime) -> str:
        """Return the token of a file that lasts so long; it lives until ``expires_at``."""
        milliseconds, expires = round(duration_s * 1000), int(expires_at.timestamp())
        return f"rvdt_{milliseconds}_{expires}_{self._signature(account, file, milliseconds, expires)}"

    def check(
        self, token: str, *, account: AccountId, file: FileId, param: str | None = None, now: float | None = None
    ) -> float:
        """Return the duration in seconds that a token vouches for.

        Raises ValidationFailed, naming ``param``, when it was not made for this file of this account or has expired.
        """
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise ValidationFailed("This is not a duration token.", param=param)
        milliseconds, expires = int(match[1]), int(match[2])
        if not hmac.compare_digest(self._signature(account, file, milliseconds, expires), match[3]):
            raise ValidationFailed("This duration token was not made for this file.", param=param)
        if expires <= (now if now is not None else time.time()):
            raise ValidationFailed("This duration token has expired.", param=param)
        return milliseconds / 1000

    def _signature(self, account: AccountId, file: FileId, milliseconds: int, expires: int) -> str:
        text = f"{account}\n{file}\n{milliseconds}\n{expires}"
        return base64.urlsafe_b64encode(hmac.digest(self._key, text.encode(), "sha256")[:24]).decode()
