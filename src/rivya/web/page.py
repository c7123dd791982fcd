"""Pages from templates, with the headers that every page has."""

from __future__ import annotations

import gzip
from types import SimpleNamespace
from typing import Any, Literal, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response
from litestar.enums import MediaType
from litestar.serialization import default_serializer
from litestar.types import Serializer
from markupsafe import Markup, escape

import rivya
from rivya.http import Call
from rivya.notifications import service as notifications
from rivya.web.assets import assets, takes_gzip
from rivya.web.code import highlight
from rivya.web.csrf import FIELD, csrf_token
from rivya.web.flash import flashed, forgotten
from rivya.web.policy import page_headers
from rivya.web.visitor import Visitor

Theme = Literal["light", "dark"]
THEME_COOKIE = "rivya_theme"


def _made_environment() -> Environment:
    made = Environment(
        loader=PackageLoader("rivya.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["highlight"] = highlight
    made.globals.update(cast("Any", {"asset": assets.url, "version": rivya.__version__}))
    made.globals.update(cast("Any", {"ui": _components(made)}))
    return made


def _components(environment: Environment) -> SimpleNamespace:
    """Return the macros of templates/components by name, so that no page need import them."""
    found = SimpleNamespace()
    for name in environment.list_templates(filter_func=lambda name: name.startswith("components/")):
        for macro, value in vars(environment.get_template(name).module).items():
            if callable(value) and not macro.startswith("_"):
                setattr(found, macro, value)
    return found


async def render(
    request: Call, template: str, *, status: int = 200, visitor: Visitor | None = None, **values: object
) -> Response[str]:
    """Return a page: the template filled in, every value escaped, with the headers of a page.

    A template finds, beside ``values``: ``visitor`` (None for a stranger), ``unread`` (their unread notifications),
    ``path`` (the path that was asked for), ``theme``, ``csrf_input()`` for forms, ``asset()`` and ``ui`` (the macros).
    """
    unread = await _unread(request, visitor)
    return render_now(request, template, status=status, visitor=visitor, unread=unread, **values)


def render_now(
    request: Call,
    template: str,
    *,
    status: int = 200,
    visitor: Visitor | None = None,
    unread: int = 0,
    **values: object,
) -> Response[str]:
    """Return a page as ``render`` does, asking the database nothing: for what has gone wrong."""
    said = flashed(request)
    body = environment.get_template(template).render(
        visitor=visitor,
        unread=unread,
        path=request.scope["path"],
        theme=_theme(request),
        flashed=said,
        csrf_token=csrf_token(request, visitor) if visitor is not None else None,
        csrf_input=lambda: _csrf_input(request, visitor),
        **values,
    )
    # What somebody signed in sees is not packed: it holds a token beside what was asked for (BREACH).
    packed = visitor is None and takes_gzip(request)
    answer = (_Packed if packed else Response[str])(
        body, status_code=status, media_type=MediaType.HTML, headers=page_headers(request, private=visitor is not None)
    )
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    if said:
        answer.set_cookie(forgotten())
    return answer


class _Packed(Response[str]):
    def render(self, content: Any, media_type: str, enc_hook: Serializer = default_serializer) -> bytes:
        return gzip.compress(super().render(content, media_type, enc_hook), 5, mtime=0)


async def _unread(request: Call, visitor: Visitor | None) -> int:
    if visitor is None:
        return 0
    return sum((await notifications.unread(request.app.state.pool, account=visitor.account)).values())


def _theme(request: Call) -> Theme | None:
    chosen = request.cookies.get(THEME_COOKIE)
    return "dark" if chosen == "dark" else "light" if chosen == "light" else None


def _csrf_input(request: Call, visitor: Visitor | None) -> Markup:
    if visitor is None:
        return Markup()
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, escape(csrf_token(request, visitor)))


environment = _made_environment()
