"""Signed links to media: whoever holds one may read that object until it expires, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from urllib.parse import parse_qs, quote, urlsplit

PATH = "/media/"


class MediaLinks:
    """Makes and checks links. All processes of an installation share ``key`` and ``base_url``."""

    def __init__(self, *, base_url: str, key: bytes, lives_s: int) -> None:
        self._base = base_url
        self._key = hashlib.sha256(b"rivya media links\0" + key).digest()
        self._lives_s = lives_s

    def sign(self, key: str, *, now: float | None = None) -> str:
        """Return a link to the object that works from now on for the installation's link life."""
        expires = int(now if now is not None else time.time()) + self._lives_s
        return f"{self._base}{PATH}{quote(key)}?expires={expires}&signature={self._signature(key, expires)}"

    def check(self, key: str, *, expires: str, signature: str, now: float | None = None) -> bool:
        """Return True if the signature is ours for this object and moment, and the link still lives."""
        return self.left_s(key, expires=expires, signature=signature, now=now) > 0

    def left_s(self, key: str, *, expires: str, signature: str, now: float | None = None) -> float:
        """Return for how many more seconds a link is good: 0 or less if it lives no more, or was never ours."""
        if not expires.isascii() or not expires.isdigit() or len(expires) > 12:
            return 0
        right = self._signature(key, int(expires))
        if not hmac.compare_digest(right.encode(), signature.encode("utf-8", "replace")):
            return 0
        return int(expires) - (now if now is not None else time.time())

    def is_ours(self, url: str) -> bool:
        """Return True if a URL begins as our links do, whether it is still good or not."""
        return url.lower().startswith((self._base + PATH).lower())

    def key_of(self, url: str) -> str | None:
        """Return the object that one of our own links points to, or None for any other URL."""
        if not url.startswith(self._base + PATH):
            return None
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        key = parts.path.removeprefix(urlsplit(self._base).path + PATH)
        expires, signature = query.get("expires", [""])[0], query.get("signature", [""])[0]
        return key if self.check(key, expires=expires, signature=signature) else None

    def _signature(self, key: str, expires: int) -> str:
        mac = hmac.new(self._key, f"{key}\n{expires}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mac[:24]).decode()
