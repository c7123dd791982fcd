"""/docs/api/models: the catalog as it is now, and a page for each model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from litestar import Response, get

from rivya.catalog.inputs import ApiStatus
from rivya.errors import NotFound
from rivya.http import Call
from rivya.web.catalog import CATEGORIES, Listed, example_of, listed_models
from rivya.web.docs import texts
from rivya.web.docs.layout import render_docs
from rivya.web.docs.library import ROOT, page_at
from rivya.web.docs.markdown import Heading
from rivya.web.docs.model_page import described
from rivya.web.docs.routes import plain
from rivya.web.samples import samples

STATUSES: tuple[ApiStatus, ...] = get_args(ApiStatus)
BILLING = ("FIXED", "METERED", "TOKEN_BASED")


@get(f"{ROOT}/models")
async def models(request: Call) -> Response[str]:
    """Show the models that a search and filters leave."""
    all_models, asked = listed_models(request), request.query_params
    query = asked.get("q", "")[:200].strip()
    category, status, billing = asked.get("category", ""), asked.get("status", ""), asked.get("billing", "")
    return await render_docs(
        request,
        "docs/models.html",
        page=page_at("models"),
        headings=[],
        models=chosen(all_models, query=query, category=category, status=status, billing=billing),
        all=len(all_models),
        query=query,
        filters={"category": category, "status": status, "billing": billing},
        categories=CATEGORIES,
        statuses=STATUSES,
        billings=BILLING,
        price_line=texts.price_line,
    )


@get(f"{ROOT}/models.md")
async def models_text(request: Call) -> Response[str]:
    """Return the catalog as Markdown."""
    return plain(texts.catalog_text(listed_models(request)), "text/markdown")


@get(f"{ROOT}/models/{{model_id:str}}")
async def model(request: Call, model_id: str) -> Response[str]:
    """Show a model; with ``.md`` behind its id as Markdown. Raises NotFound."""
    name = model_id.removesuffix(".md")
    one = next((one for one in listed_models(request) if one.shown.id == name), None)
    if one is None:
        raise NotFound("There is no such model.")
    if name != model_id:
        return plain(texts.model_text(one), "text/markdown")
    base_url: str = request.app.state.settings.base_url
    path, body = example_of(one, base_url=base_url)
    described_model = described(one, path=path, body=body, url=f"{base_url}{path}")
    return await render_docs(
        request,
        "docs/model.html",
        page=page_at("models"),
        headings=[Heading(2, anchor, text) for anchor, text in described_model.sections],
        one=one,
        model=described_model,
        calls=samples(f"{base_url}{path}", body) if one.available else [],
        price_line=texts.price_line,
        values_line=texts.values_line,
    )


def chosen(all_models: Sequence[Listed], *, query: str, category: str, status: str, billing: str) -> list[Listed]:
    """Return the models in whose name, id or modes all words stand and that pass the filters; what works is first."""
    words = query.lower().split()
    found = [
        one
        for one in all_models
        if category in ("", one.shown.category)
        and status in ("", one.shown.api_status)
        and billing in ("", one.shown.billing_type)
        and all(word in _text(one) for word in words)
    ]
    return sorted(found, key=lambda one: not one.available)


def _text(one: Listed) -> str:
    return f"{one.shown.id} {one.shown.display_name} {one.shown.category} {' '.join(one.shown.supported_modes)}".lower()
