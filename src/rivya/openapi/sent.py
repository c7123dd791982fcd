"""The document as it is sent: made once, and anew when the catalog has changed."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from litestar import Litestar

from rivya.catalog.model import Model
from rivya.etag import etag
from rivya.openapi.document import document


class Document:
    """The document as it is sent. Remembered until the catalog changes."""

    def __init__(self, app: Litestar, models: Mapping[str, Model], base_url: str) -> None:
        self._app = app
        self._models = models
        self._base_url = base_url
        self._made_of: tuple[Model, ...] | None = None
        self._body = b""
        self._tag = ""

    def __call__(self) -> tuple[bytes, str]:
        """Return the document's bytes and their ETag."""
        models = tuple(sorted(self._models.values(), key=lambda model: model.id))
        if self._made_of is None or not _same(models, self._made_of):
            made = document(self._app.routes, models=models, base_url=self._base_url)
            self._body = msgspec.json.encode(made)
            self._tag = etag(self._body)
            self._made_of = models
        return self._body, self._tag


def _same(models: tuple[Model, ...], others: tuple[Model, ...]) -> bool:
    return len(models) == len(others) and all(one is other for one, other in zip(models, others, strict=True))
