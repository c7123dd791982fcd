"""What the pages with forms have in common: one value of a field, and a page that says what was wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from litestar import Response

from rivya.errors import PublicError
from rivya.http import Call
from rivya.web.csrf import FIELD
from rivya.web.flash import flash

Fields = Mapping[str, Sequence[str]]

_SECRET = frozenset({"password", "old_password", "new_password", FIELD, "token"})


def one(form: Fields, name: str) -> str:
    """Return the value of a field, empty if it is not there."""
    return form.get(name, [""])[0]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a form shows again: what was typed, but secrets, and what was wrong, by field; '' is the form as a whole."""

    values: Mapping[str, str] = field(default_factory=dict[str, str])
    errors: Mapping[str, str] = field(default_factory=dict[str, str])


def wrong(form: Fields, error: PublicError, *, fields: Sequence[str]) -> Shown:
    """Return a form as it was sent, with what was wrong with it."""
    values = {name: one(form, name) for name in form if name not in _SECRET}
    where = error.param if error.param in fields else ""
    return Shown(values, {where or "": error.message})


def see(path: str) -> Response[None]:
    """Send the browser on to a page, by GET."""
    return Response(None, status_code=303, headers={"Location": path, "Cache-Control": "no-store"})


def told(request: Call, path: str, text: str) -> Response[None]:
    """Send the browser on to a page, which then says ``text``."""
    answer = see(path)
    flash(request, answer, text)
    return answer


def unkept(page: Response[str]) -> Response[str]:
    """Return a page that nothing keeps: it holds the token of a mail, which no other site may see as its referrer."""
    page.headers["Cache-Control"] = "no-store"
    page.headers["Referrer-Policy"] = "no-referrer"
    return page
