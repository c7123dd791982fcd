"""The pages of the documentation: which there are, in which order, and what is in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

import rivya
from rivya.web.docs.markdown import Rendered, rendered

ROOT = "/docs/api"

_PACKAGE = Path(rivya.__file__).parent
_PLACES = (_PACKAGE / "docs", _PACKAGE.parents[1] / "docs")
"""In a wheel the pages lie in the package; in a source tree beside it."""
_REVIEWED = re.compile(r"^<!-- reviewed (\d{4}-\d\d-\d\d) -->\n+")


@dataclass(frozen=True)
class Page:
    """A page; ``file`` is the name of its Markdown, None for one that is made from the running system."""

    slug: str
    title: str
    file: str | None

    @property
    def url(self) -> str:
        return f"{ROOT}/{self.slug}" if self.slug else ROOT

    @cached_property
    def source(self) -> str:
        """The Markdown, as it is in its file."""
        assert self.file is not None
        return _read(self.file)

    @property
    def markdown(self) -> str:
        """The Markdown for readers, without what is for the machine."""
        return _REVIEWED.sub("", self.source)

    @property
    def reviewed(self) -> date | None:
        """When somebody last read it through."""
        found = _REVIEWED.match(self.source) if self.file is not None else None
        return date.fromisoformat(found[1]) if found else None

    @cached_property
    def rendered(self) -> Rendered:
        return rendered(self.markdown, link=link)


GROUPS: Mapping[str, Sequence[Page]] = {
    "Start": (
        Page("", "Overview", "overview"),
        Page("quickstart", "Quickstart", "quickstart"),
        Page("authentication", "Authentication", "authentication"),
    ),
    "Models": (
        Page("models", "Model catalog", None),
        Page("models-api", "Models API", "models"),
    ),
    "Build": (
        Page("generations", "Generations", "generations"),
        Page("generation-status", "Generation status", "generation-status"),
        Page("files", "Files", "files"),
        Page("chat", "Chat", "chat"),
        Page("credits", "Credits", "credits"),
        Page("webhooks", "Webhooks", "webhooks"),
    ),
    "Rules": (
        Page("errors", "Errors", "errors"),
        Page("limits", "Limits", "limits"),
        Page("idempotency", "Idempotency", "idempotency"),
    ),
    "Reference": (
        Page("reference", "API reference", None),
        Page("openapi", "OpenAPI and schema", "openapi"),
        Page("sdk", "SDK", "sdk"),
        Page("changelog", "Changelog", "changelog"),
    ),
}

PAGES: Sequence[Page] = [page for group in GROUPS.values() for page in group]
WRITTEN: Sequence[Page] = [page for page in PAGES if page.file is not None]

_BY_SLUG = {page.slug: page for page in PAGES}
_BY_FILE = {page.file: page for page in WRITTEN}


def page_at(slug: str) -> Page | None:
    """Return the page of this address; None if there is none."""
    return _BY_SLUG.get(slug)


def neighbours(page: Page) -> tuple[Page | None, Page | None]:
    """Return the pages before and after one."""
    at = PAGES.index(page)
    return PAGES[at - 1] if at else None, PAGES[at + 1] if at + 1 < len(PAGES) else None


def link(target: str) -> str:
    """Return where a link of the Markdown leads: ``chat.md#stop`` to the page of that file."""
    file, hash, anchor = target.partition("#")
    page = _BY_FILE.get(file.removesuffix(".md")) if file.endswith(".md") else None
    return f"{page.url}{hash}{anchor}" if page is not None else target


@lru_cache
def _read(file: str) -> str:
    names = [f"{file.upper()}.md"] if file == "changelog" else [f"api/{file}.md"]
    for place in (*_PLACES, _PACKAGE.parents[1]):
        for name in names:
            if (place / name).is_file():
                return (place / name).read_text("utf-8")
    raise FileNotFoundError(f"{names[0]} is in none of the places for documentation")
