"""What a page has to say on the next one: in a signed cookie, so that nobody else puts words in our mouth."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from litestar import Response
from litestar.datastructures import Cookie

from rivya.http import Call

Tone = Literal["neutral", "success", "warning", "danger", "info"]

COOKIE = "rivya_flash"
_LIVES_S = 60
_MOST_CHARACTERS = 500
_MOST = 5


def flash(request: Call, response: Response[Any], text: str, *, tone: Tone = "success") -> None:
    """Have the page that is looked at next say ``text`` in a toast. For the answer of a form: a redirect."""
    entries = [(tone, text[:_MOST_CHARACTERS])]
    content = base64.urlsafe_b64encode(msgspec.json.encode(entries)).decode()
    response.set_cookie(_cookie(f"{content}.{_signature(request, content)}", _LIVES_S))


def flashed(request: Call) -> Sequence[tuple[Tone, str]]:
    """Return what the page before left to say; nothing if the cookie is not ours."""
    content, _, signature = request.cookies.get(COOKIE, "").partition(".")
    if not content or not hmac.compare_digest(signature.encode(), _signature(request, content).encode()):
        return []
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(content), type=list[tuple[Tone, str]])[:_MOST]
    except (msgspec.MsgspecError, binascii.Error):
        return []


def forgotten() -> Cookie:
    """Return the cookie that takes the other one away, once it was shown."""
    return _cookie("", 0)


def _signature(request: Call, content: str) -> str:
    key: bytes = request.app.state.settings.signing_key()
    return hmac.digest(key, f"flash {content}".encode(), hashlib.sha256).hex()


def _cookie(value: str, lives_s: int) -> Cookie:
    return Cookie(key=COOKIE, value=value, path="/", max_age=lives_s, httponly=True, samesite="lax")
