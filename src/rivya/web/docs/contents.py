"""What the search finds: sections of the pages, models, operations of the API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from litestar import Litestar

from rivya.openapi.operations import endpoints
from rivya.web.catalog import Listed
from rivya.web.docs.library import ROOT, WRITTEN
from rivya.web.docs.reference import operation_url
from rivya.web.docs.search import Entry, Index

_STATE = "web_search"


def index(app: Litestar, models: Sequence[Listed]) -> Index:
    """Return the index of all that there is; it is made anew when a model comes, goes, changes or begins to work."""
    made_of = [(id(one.model), one.available) for one in models]
    if _STATE not in app.state or app.state[_STATE][0] != made_of:
        app.state[_STATE] = (made_of, Index([*_pages(), *_models(models), *_operations(app)]))
    return app.state[_STATE][1]


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
