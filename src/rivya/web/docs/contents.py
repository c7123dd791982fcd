"""What the search finds: sections of the pages, models, operations of the API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from litestar import Litestar

from rivya.openapi.operations import endpoints
from rivya.web.catalog import Listed
from rivya.web.docs.library import ROOT, WRITTEN
from rivya.web.docs.reference import operation_url
from rivya.web.docs.search import Entry, Index


def index(app: Litestar, models: Sequence[Listed]) -> Index:
    """Return the index of all that there is; it is made anew when the catalog changes."""
    return _made(app, tuple(models))


@lru_cache(maxsize=1)
def _made(app: Litestar, models: tuple[Listed, ...]) -> Index:
    return Index([*_pages(), *_models(models), *_operations(app)])


def _pages() -> Iterable[Entry]:
    for page in WRITTEN:
        for section in page.rendered.sections:
            url = f"{page.url}#{section.anchor}" if section.anchor else page.url
            yield Entry("Docs", page.title, section.title, url, section.text)


def _models(models: Iterable[Listed]) -> Iterable[Entry]:
    for one in models:
        shown = one.shown
        params = " ".join(f"{param.key} {param.description}" for param in shown.params)
        notices = " ".join(notice.message for notice in shown.notices)
        text = f"{shown.id} {shown.category} {shown.api_status} {' '.join(shown.supported_modes)} {notices} {params}"
        yield Entry("Models", shown.display_name, shown.id, f"{ROOT}/models/{shown.id}", text)


def _operations(app: Litestar) -> Iterable[Entry]:
    for endpoint in endpoints(app.routes):
        title = f"{endpoint.method.upper()} {endpoint.path}"
        yield Entry("API", title, endpoint.operation.summary, operation_url(endpoint), endpoint.description)
