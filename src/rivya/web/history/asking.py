"""What a page of history was asked for. What makes no sense in a query counts as not asked: a link may be old."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from rivya.generations.states import STATUSES
from rivya.kit.pages import BadPage, Page, next_page, page
from rivya.web.history.model import SOURCES, Filters

_MOST_TEXT = 200
PAGE = "25"


@dataclass(frozen=True, slots=True)
class Asked:
    """A page of a list. ``path`` is the list's own, to which links to its other pages lead."""

    path: str
    filters: Filters
    page: Page
    first: bool

    @property
    def filtered(self) -> bool:
        return self.filters != Filters()

    def older(self, after: str | None) -> str | None:
        """Return the link to the page that goes on after an id; None when there is none."""
        cursor = next_page([], self.page, after=after).next_cursor
        return self._link(cursor) if cursor is not None else None

    @property
    def newest(self) -> str | None:
        """The link back to the first page; None on it."""
        return None if self.first else self._link(None)

    def _link(self, cursor: str | None) -> str:
        asked = {"source": self.filters.source, "status": self.filters.status, "model": self.filters.model}
        query = {**asked, "q": self.filters.text, "cursor": cursor}
        text = urlencode({name: value for name, value in query.items() if value is not None})
        return f"{self.path}?{text}" if text else self.path


def asked_for(path: str, query: Mapping[str, str]) -> Asked:
    """Return the page of the list at ``path`` that a query asks for; a cursor of another list is the first page."""
    filters = Filters(
        source=next((source for source in SOURCES if source == query.get("source")), None),
        status=next((status for status in STATUSES if status == query.get("status")), None),
        model=_text(query.get("model")),
        text=_text(query.get("q")),
    )
    of = repr((path, filters))
    try:
        wanted = page(PAGE, query.get("cursor"), of=of)
    except BadPage:
        wanted = page(PAGE, None, of=of)
    return Asked(path, filters, wanted, first=wanted.after is None)


def _text(given: str | None) -> str | None:
    """Return what was typed, without what PostgreSQL will not have in a text."""
    return (given or "").replace("\x00", "").strip()[:_MOST_TEXT] or None
