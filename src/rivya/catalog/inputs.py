"""What of a model can be reached through the public API, and how: derived from its file, never typed by hand.

A picture is given by a link, such as that of an earlier result; a video or sound needs the duration token that only
the Files API returns, and so do the modes that begin with one. A chat takes its pictures as ids of uploaded files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rivya.catalog.model import MediaKind, Model
from rivya.catalog.references import NEEDS_DURATION_TOKEN

InputStatus = Literal["available_text", "available_url_input", "partial_requires_files", "requires_files_api"]
ApiStatus = Literal["available", "coming_soon", "studio_only"]


@dataclass(frozen=True, slots=True)
class ApiInputs:
    supported: list[Literal["text", "file"]]
    status: InputStatus
    requires_files_api: bool
    """Nothing works without an upload."""
    requires_upload_for_modes: list[str]
    url_input: bool
    file_kinds: list[MediaKind]


def api_inputs(model: Model) -> ApiInputs:
    """Return how a model's inputs reach it."""
    kinds = file_kinds(model)
    uploaded = _uploaded_kinds(model, kinds)
    takes_text = model.prompt != "unused"
    works_without_file = takes_text and (model.reference_media is None or model.reference_media.min_files == 0)
    linked = [kind for kind in kinds if kind not in uploaded]
    status: InputStatus = "available_text"
    if uploaded:
        status = "partial_requires_files" if works_without_file or linked else "requires_files_api"
    elif kinds:
        status = "available_url_input"
    return ApiInputs(
        supported=[*(["text"] if takes_text else []), *(["file"] if kinds else [])],
        status=status,
        requires_files_api=status == "requires_files_api",
        requires_upload_for_modes=[mode for mode in model.supported_modes if mode.split("-to-")[0] in uploaded],
        url_input=bool(linked),
        file_kinds=kinds,
    )


def api_status(model: Model, *, available: bool) -> ApiStatus:
    """Return whether a model can be called; ``available`` says that one of its routes works now."""
    if model.studio_only:
        return "studio_only"
    return "available" if available else "coming_soon"


def file_kinds(model: Model) -> list[MediaKind]:
    """Return the kinds of file that a model takes."""
    if model.chat is not None:
        return ["image"] if model.chat.image_attachments else []
    return list(model.reference_media.kinds) if model.reference_media is not None else []


def _uploaded_kinds(model: Model, kinds: list[MediaKind]) -> list[MediaKind]:
    return kinds if model.chat is not None else [kind for kind in kinds if kind in NEEDS_DURATION_TOKEN]
