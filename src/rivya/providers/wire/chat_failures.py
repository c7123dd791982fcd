"""What upstreams that speak chat completions say of a failure, and what it means.

They quote what they were sent: the prompt, or the key. So no word of theirs is in a ``ChatFailed``, only names, numbers
and sizes.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from rivya.providers.chat import ChatFailed

_GAVE_UP_WAITING = (408, 504, 524)
"""Statuses of a gateway whose patience ended: the model behind it may be at work, and be paid for it."""
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_MOST_NAME = 64
_NAME = re.compile(r"-?(?:[A-Za-z]+\d{0,4}|\d{1,8})(?:[._-](?:[A-Za-z]+\d{0,4}|\d{1,8}))*")
"""Words and short numbers, as in ``invalid_request_error`` and ``1301``: no sentence, and no key, which is random."""


class Error(msgspec.Struct, gc=False):
    message: str = ""
    type: str | None = None
    code: str | int | None = None


class _Envelope(msgspec.Struct, gc=False):
    error: Error | str | None = None


_decode = msgspec.json.Decoder(_Envelope).decode
_decode_bare = msgspec.json.Decoder(Error).decode


def refused(status: int, body: bytes, retry_after_s: float | None) -> ChatFailed:
    """Return what an answer with an error status means: that nothing was done, but for a gateway that gave up."""
    error, wrong = None, "names no error"
    try:
        error = _decode(body).error or _bare(body)
    except UNREADABLE as found:
        wrong = unlike(found)
    detail = f"status {status}, {wrong if error is None else _named(error)}, {len(body)} bytes"
    if status in _GAVE_UP_WAITING:
        return ChatFailed("timeout", detail)
    if error is not None and status in (400, 413, 422):
        return ChatFailed(_meaning(error), detail, refused=True)
    return ChatFailed("unavailable", detail, refused=True, retry_after_s=retry_after_s)


def _bare(body: bytes) -> Error | None:
    """Return an error that came without the object around it, as vLLM's did for long."""
    error = _decode_bare(body)
    return error if error.message else None


def refusal(error: Error | str) -> ChatFailed:
    """Return what an error in the answer means."""
    message = error if isinstance(error, str) else error.message
    return ChatFailed(_meaning(error), f"an error, {_named(error)}, its message {len(message.encode())} bytes")


def _meaning(error: Error | str) -> Literal["too_long", "rejected", "unavailable"]:
    found = Error(error) if isinstance(error, str) else error
    words = f"{found.code or ''} {found.type or ''} {found.message}".lower()
    if "context" in words and ("length" in words or "exceed" in words or "window" in words or "size" in words):
        return "too_long"
    if "content_filter" in words or "content_policy" in words or "moderation" in words:
        return "rejected"
    return "unavailable"


def _named(error: Error | str) -> str:
    """Return the error's type and code as far as they are names, which nobody wrote in a prompt."""
    if isinstance(error, str):
        return "without type and code"
    return f"type {_name(error.type)}, code {_name(error.code)}"


def _name(told: str | int | None) -> str:
    if told is None:
        return "none"
    name = str(told)
    return name if len(name) <= _MOST_NAME and _NAME.fullmatch(name) else "untold"


def unlike(error: Exception) -> str:
    """Return how bytes are no chunk. msgspec names types and places in our structs, and quotes nothing."""
    return f"of another shape ({error})" if isinstance(error, msgspec.ValidationError) else "not JSON"
