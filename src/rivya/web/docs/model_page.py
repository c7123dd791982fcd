"""What the page of one model says, made from its file and from how it stands here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from rivya.catalog.inputs import InputStatus
from rivya.catalog.references import MEBIBYTE
from rivya.catalog.validate import REFERENCES
from rivya.errors import (
    ChatSessionConflict,
    FileTypeRejected,
    InsufficientCredits,
    ModelNotAvailable,
    PublicError,
    RateLimited,
    UpstreamUnavailable,
    ValidationFailed,
)
from rivya.openapi.references import example_reference
from rivya.web.catalog import Listed
from rivya.web.samples import Sample, samples

Tone = str

STATUS = {
    "available": ("available", "success"),
    "coming_soon": ("coming soon", "neutral"),
    "studio_only": ("Studio only", "warning"),
}
INPUTS: Mapping[InputStatus, tuple[str, Tone]] = {
    "available_text": ("ready with text", "success"),
    "available_url_input": ("ready with text or links", "success"),
    "partial_requires_files": ("some modes need an upload", "warning"),
    "requires_files_api": ("needs an upload", "warning"),
}
_FILES: Mapping[InputStatus, str] = {
    "available_text": "Not needed: this model takes no files.",
    "available_url_input": "Optional: a public https URL will do, and so will an upload.",
    "partial_requires_files": "Needed for clips and sounds: only what was uploaded has a duration token.",
    "requires_files_api": "Needed: nothing works without an upload.",
}


@dataclass(frozen=True)
class RequestField:
    name: str
    type: str
    required: bool
    words: str


@dataclass(frozen=True)
class UploadRule:
    kind: str
    most: str
    types: str
    needs_token: bool


@dataclass(frozen=True)
class CommonError:
    status: int
    code: str
    text: str


@dataclass(frozen=True)
class ModelPage:
    status: tuple[str, Tone]
    inputs: tuple[str, Tone]
    files_line: str
    request: Sequence[RequestField]
    uploads: Sequence[UploadRule]
    with_reference: Sequence[Sample]
    created: str
    errors: Sequence[CommonError]

    @property
    def sections(self) -> list[tuple[str, str]]:
        """The headings of the page: anchor and text."""
        found = [("request", "Request"), ("params", "Params")]
        found += [("uploads", "Upload policy")] if self.uploads else []
        found += [("minimal", "Minimal request")]
        found += [("reference-request", "With a reference file")] if self.with_reference else []
        return [*found, ("response", "Response"), ("errors", "Common errors")]


def described(one: Listed, *, path: str, body: Mapping[str, object], url: str) -> ModelPage:
    """Return the page of a model; what can be run is there only if the model can be called."""
    return ModelPage(
        status=STATUS[one.shown.api_status],
        inputs=INPUTS[one.shown.api_input_status],
        files_line=_FILES[one.shown.api_input_status],
        request=_request(one),
        uploads=_uploads(one),
        with_reference=_with_reference(one, body, url) if one.available else (),
        created=_created(one) if one.available else "",
        errors=[CommonError(kind.status, kind.code, kind().message.replace("`", "")) for kind in _errors(one)],
    )


def _errors(one: Listed) -> list[type[PublicError]]:
    common: list[type[PublicError]] = [ValidationFailed, InsufficientCredits, RateLimited, ModelNotAvailable]
    if one.model.chat is not None:
        return [*common, ChatSessionConflict, UpstreamUnavailable]
    return [*common, FileTypeRejected] if one.model.reference_media is not None else common


def _request(one: Listed) -> list[RequestField]:
    if one.model.chat is not None:
        return [
            RequestField("model", "string", True, f"`{one.model.id}`"),
            RequestField("message", "string", True, "What is said to the model."),
            RequestField("session_id", "string", False, "Go on with this session; without it a new one begins."),
            *(
                [RequestField("attachments", "array", False, "Uploaded pictures, by their ids.")]
                if one.model.chat.image_attachments
                else []
            ),
        ]
    limit = one.model.max_prompt_length
    longest = f" At most {limit:,} characters." if limit else ""
    prompt = {"required": "What to make.", "optional": "What to make; may be left out.", "unused": "Not used."}
    return [
        RequestField("model", "string", True, f"`{one.model.id}`"),
        RequestField("prompt", "string", one.model.prompt == "required", prompt[one.model.prompt] + longest),
        RequestField("params", "object", any(param.required for param in one.model.params), "See below."),
        RequestField("client_request_id", "string", False, "A trace of yours, given back with the task."),
    ]


def _uploads(one: Listed) -> list[UploadRule]:
    rule = one.shown.reference_media
    if rule is None:
        return []
    return [
        UploadRule(
            kind,
            f"{limit.max_bytes / MEBIBYTE:g} MB",
            ", ".join(limit.mime_types),
            kind in rule.duration_token_required_for,
        )
        for kind, limit in rule.limits.items()
    ]


def _with_reference(one: Listed, body: Mapping[str, object], url: str) -> Sequence[Sample]:
    """Return a request with one reference, if the model takes any and its plain example has none."""
    rule = one.model.reference_media
    params = cast("dict[str, object]", body.get("params", {}))
    if rule is None or REFERENCES in params:
        return ()
    reference = example_reference(rule.kinds[0], media_url="https://rivya.example.com/media/files")
    return samples(url, {**body, "params": {**params, REFERENCES: [reference]}})


def _created(one: Listed) -> str:
    if one.model.chat is not None:
        return ""
    task = {
        "id": "task_01jtxk8w0v6m2c9r4e7h5n3q1z",
        "status": "queued",
        "model": one.model.id,
        "reserved_credits": one.model.base_credits,
        "final_credits": 0,
        "created_at": "2026-05-11T09:30:00.000Z",
        "updated_at": "2026-05-11T09:30:00.000Z",
        "result": None,
        "error": None,
        "client_request_id": None,
        "progress": None,
        "cancellation": None,
    }
    return json.dumps(task, indent=2)
