"""Forms and scripts of ours, and nobody else's: what changes something must come from one of our own pages.

Two checks, each of which would do: the browser says where a request comes from (``Origin``, which no page can forge),
and who is signed in sends along a token made of the session, which no other page can read. Cookies are SameSite=Lax.
Source: OWASP, Cross-Site Request Forgery Prevention Cheat Sheet.
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qsl, urlsplit

from rivya.errors import ApiScopeDenied, ValidationFailed
from rivya.http import Call
from rivya.web.visitor import Visitor

FIELD = "csrf"
HEADER = "x-csrf-token"
MOST_FORM_BYTES = 64 * 1024
_MOST_FIELDS = 200


class ForeignForm(ApiScopeDenied):
    """This form did not come from a page of this site, or it is too old. Load the page again."""


def csrf_token(request: Call, who: Visitor) -> str:
    """Return what forms and scripts of this session send along."""
    key: bytes = request.app.state.settings.signing_key()
    return hmac.digest(key, f"csrf {who.session_id}".encode(), hashlib.sha256).hex()


def check_origin(request: Call) -> None:
    """Refuse what does not come from a page of this very site. Raises ForeignForm."""
    origin = request.headers.get("origin")
    if origin is None or origin == "null":
        if request.headers.get("sec-fetch-site") != "same-origin":
            raise ForeignForm
        return
    base_url: str = request.app.state.settings.base_url
    ours = {request.headers.get("host", ""), urlsplit(base_url).netloc}
    if urlsplit(origin).netloc not in ours:
        raise ForeignForm


def check_csrf(request: Call, who: Visitor, token: str | None = None) -> None:
    """Refuse a change that is not of this session's own page; ``token`` is the form's, else the header's is taken.

    Raises ForeignForm.
    """
    check_origin(request)
    given = token if token is not None else request.headers.get(HEADER, "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), csrf_token(request, who).encode()):
        raise ForeignForm


async def read_form(request: Call) -> dict[str, list[str]]:
    """Return the fields of a form, each with its values. Raises ValidationFailed for what no form of ours sends."""
    if request.content_type[0] != "application/x-www-form-urlencoded":
        raise ValidationFailed("A form is expected here.")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_FORM_BYTES:
            raise ValidationFailed(f"A form must be at most {MOST_FORM_BYTES} bytes.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise ValidationFailed("The form cannot be read.") from error
    if any("\0" in text for pair in pairs for text in pair):
        raise ValidationFailed("A form must not hold NUL.")
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


async def checked_form(request: Call, who: Visitor | None) -> dict[str, list[str]]:
    """Return the form, which came from a page of ours, of this session if there is one. Raises ForeignForm."""
    check_origin(request)
    form = await read_form(request)
    if who is not None:
        check_csrf(request, who, form.get(FIELD, [""])[0])
    return form
