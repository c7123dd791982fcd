"""What pages show of tasks and sessions: links to media that work from where the page is read, short texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from rivya.catalog.model import Model
from rivya.files.links import MediaLinks
from rivya.generations.model import StoredMedia
from rivya.web.history.model import Generation, GenerationDetail

_PREVIEW = 160


@dataclass(frozen=True, slots=True)
class ShownMedia:
    kind: Literal["image", "video", "audio"]
    url: str
    mime_type: str
    size_bytes: int
    width: int | None
    height: int | None
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class ShownGeneration:
    task: Generation
    model_name: str
    prompt: str
    """The beginning of it, on one line."""
    media: list[ShownMedia]

    @property
    def preview(self) -> ShownMedia | None:
        return self.media[0] if self.media else None


class Shower:
    def __init__(self, links: MediaLinks, models: Mapping[str, Model]) -> None:
        self._links = links
        self._models = models

    def generation(self, task: Generation) -> ShownGeneration:
        """Return a task for a list."""
        return ShownGeneration(task, self.model_name(task.model), shortened(task.prompt), self._media(task))

    def model_name(self, model: str) -> str:
        """Return a model's name; its id when it has left the catalog."""
        known = self._models.get(model)
        return known.display_name if known is not None else model

    def link(self, key: str) -> str:
        """Return a signed path to an object: without a host, so that it is read from where the page came from."""
        parts = urlsplit(self._links.sign(key))
        return f"{parts.path}?{parts.query}"

    def _media(self, task: Generation) -> list[ShownMedia]:
        return [self._one(media) for media in task.media]

    def _one(self, media: StoredMedia) -> ShownMedia:
        kind = media.mime_type.split("/")[0]
        return ShownMedia(
            "video" if kind == "video" else "audio" if kind == "audio" else "image",
            self.link(media.key),
            media.mime_type,
            media.size_bytes,
            media.width,
            media.height,
            media.duration_s,
        )


def params_json(detail: GenerationDetail) -> str:
    """Return a task's params as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(dict(detail.params))).decode()


def shortened(text: str, most: int = _PREVIEW) -> str:
    """Return the beginning of a text on one line, with an ellipsis if something is left out."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
