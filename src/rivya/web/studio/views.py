"""A work as its card and its details show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import msgspec

from rivya.catalog.model import Model
from rivya.files.links import MediaLinks
from rivya.generations.model import StoredInput, StoredMedia, TaskState
from rivya.generations.states import is_terminal
from rivya.kit.clock import utc_now
from rivya.web.studio.forms import label_of
from rivya.web.studio.references import given_result
from rivya.web.studio.works import Work


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture, video or sound; ``url`` is a path, so that it is read from wherever the page came from."""

    kind: str
    url: str
    mime_type: str
    size: str
    reference: str
    file_name: str
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class WorkView:
    task: TaskState
    prompt: str
    model_name: str
    category: str
    params: Sequence[tuple[str, str]]
    media: Sequence[Shown]
    inputs: Sequence[Shown]

    @property
    def ended(self) -> bool:
        return is_terminal(self.task.status)

    @property
    def took_s(self) -> float:
        return (self.task.updated_at - self.task.created_at).total_seconds()


def view_of(work: Work, *, models: Mapping[str, Model], links: MediaLinks, keep: timedelta) -> WorkView:
    """Return a work for its templates; its model may be one that is no longer in the catalog.

    Results are shown for as long as they are kept.
    """
    model = models.get(work.task.model)
    is_kept = utc_now() < work.task.updated_at + keep
    media = work.task.result.media if work.task.result is not None and is_kept else []
    return WorkView(
        task=work.task,
        prompt=work.prompt,
        model_name=model.display_name if model is not None else work.task.model,
        category=model.category if model is not None else (media[0].mime_type.split("/")[0] if media else "image"),
        params=[(label_of(key), _said(value)) for key, value in work.params.items()],
        media=[_result(one, links) for one in media],
        inputs=[_input(one, links) for one in work.inputs],
    )


def path_of(url: str) -> str:
    """Return a link of ours without its origin."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def _result(media: StoredMedia, links: MediaLinks) -> Shown:
    given = given_result(media.key, media.mime_type, links)
    task, name = media.key.split("/")[-2:]
    return Shown(
        kind=given.kind,
        url=path_of(given.url),
        mime_type=media.mime_type,
        size=_size(media.size_bytes),
        reference=msgspec.json.encode(given).decode(),
        file_name=f"{task}-{name}",
        width=media.width,
        height=media.height,
        duration_s=media.duration_s,
    )


def _input(one: StoredInput, links: MediaLinks) -> Shown:
    name = one.key.rsplit("/", 1)[-1]
    return Shown(one.kind, path_of(links.sign(one.key)), one.mime_type, "", "", name)


def _said(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB" if count >= 1_000_000 else f"{max(1, round(count / 1000))} kB"
