"""/docs: pages, models, the API reference, search; and the same as Markdown for who reads without a browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response, get
from litestar.response import Redirect

from rivya.errors import NotFound
from rivya.http import Call
from rivya.openapi.sent import Document
from rivya.web.catalog import listed_models
from rivya.web.docs import texts
from rivya.web.docs.contents import index
from rivya.web.docs.layout import render_docs
from rivya.web.docs.library import ROOT, page_at
from rivya.web.docs.reference import Tag, described

_MOST_QUERY = 200
_REFERENCE = "web_reference"


@get(["/docs", f"{ROOT}/overview"])
async def docs() -> Redirect:
    """Lead on to the overview."""
    return Redirect(ROOT, status_code=308)


@get([ROOT, f"{ROOT}/{{slug:str}}"])
async def page(request: Call, slug: str = "") -> Response[str]:
    """Show a page; with ``.md`` behind its name as Markdown. Raises NotFound."""
    name = slug.removesuffix(".md")
    found = page_at("" if name == "overview" else name)
    if found is None or found.file is None:
        raise NotFound("There is no such page.")
    if name != slug:
        return plain(found.markdown, "text/markdown")
    return await render_docs(request, "docs/page.html", page=found, headings=found.rendered.headings)


@get([f"{ROOT}/reference", f"{ROOT}/reference/{{tag:str}}"])
async def reference(request: Call, tag: str = "") -> Response[str]:
    """Show the operations of the API, or those of one tag. Raises NotFound."""
    tags = _tags(request)
    if not tag:
        return await render_docs(request, "docs/reference.html", page=page_at("reference"), headings=[], tags=tags)
    found = next((one for one in tags if one.slug == tag), None)
    if found is None:
        raise NotFound("There is no such part of the API.")
    return await render_docs(
        request, "docs/operations.html", page=page_at("reference"), headings=[], tag=found, tags=tags
    )


@get(f"{ROOT}/reference.md")
async def reference_text(request: Call) -> Response[str]:
    """Return the operations of the API as Markdown."""
    return plain(texts.reference_text(_tags(request)), "text/markdown")


@get("/docs/search")
async def search(request: Call) -> Response[str]:
    """Show what is found of a query."""
    query = request.query_params.get("q", "")[:_MOST_QUERY].strip()
    hits = index(request.app, listed_models(request)).search(query) if query else []
    return await render_docs(request, "docs/search.html", page=None, headings=[], query=query, hits=hits)


@get("/llms.txt")
async def llms(request: Call) -> Response[str]:
    """Return what there is to read."""
    return plain(texts.llms(listed_models(request), base_url=request.app.state.settings.base_url))


@get("/llms-full.txt")
async def llms_full(request: Call) -> Response[str]:
    """Return everything in one text."""
    return plain(texts.llms_full(listed_models(request)))


def plain(text: str, media_type: str = "text/plain") -> Response[str]:
    """Return a text as it is."""
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=60"}
    return Response(text, media_type=f"{media_type}; charset=utf-8", headers=headers)


def _tags(request: Call) -> list[Tag]:
    """Return the reference, made anew when the document has changed."""
    state = request.app.state
    if "openapi" not in state:
        state.openapi = Document(request.app, state.models, state.settings.base_url)
    body, tag = state.openapi()
    if _REFERENCE not in state or state[_REFERENCE][0] != tag:
        content: Mapping[str, Any] = msgspec.json.decode(body)
        state[_REFERENCE] = (tag, described(dict(content)))
    return state[_REFERENCE][1]
