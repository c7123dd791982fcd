"""Pieces of pages, for scripts of ours to put in."""

from __future__ import annotations

from litestar import Response
from litestar.enums import MediaType

from rivya.web.page import environment


def piece(template: str, **values: object) -> Response[str]:
    """Return a piece of a page as an answer; nothing keeps it."""
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(html_of(template, **values), media_type=MediaType.HTML, headers=headers)


def html_of(template: str, **values: object) -> str:
    """Return a template filled in; every value is escaped."""
    return environment.get_template(template).render(**values)
