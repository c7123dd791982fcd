"""What a JSON schema cannot say and a valid call needs all the same: bytes that are a picture, links that lead
somewhere, the cursor of a page before."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import schemathesis

_SAMPLES = json.loads(Path(os.environ["RIVYA_FUZZ_SAMPLES"]).read_text())
"""By kind: ``content``, the path of a media file, and the file object of its upload."""

_HOOK = "http://127.0.0.1:9/hook"
"""A port of this machine that nobody listens on."""
_LONG_AGO = "2026-01-01T00:00:00.000Z"

_given: set[str] = set()
"""Cursors and sessions that were answered: no others will do."""


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    case.query = _without_made_up(case.query, "cursor")
    if not isinstance(case.body, dict):
        return
    if case.media_type == "multipart/form-data":
        fields = {name: str(value) for name, value in case.body.items() if name != "file"}
        kwargs |= {"data": fields, "files": {"file": Path(_SAMPLES[fields["kind"]]["content"]).read_bytes()}}
        return
    body = _without_made_up(case.body, "session_id")
    if "url" in body and "model" not in body:
        body = {**body, "url": _HOOK}
    if "since" in body:
        body = {**body, "since": _LONG_AGO, "until": None}
    if body.get("attachments"):
        body = {**body, "attachments": [{"file_id": _SAMPLES["image"]["id"]} for _ in body["attachments"]]}
    if items := (body.get("params") or {}).get("referenceMediaItems"):
        params = {**body["params"], "referenceMediaItems": [_to_a_real_file(item) for item in items]}
        body = {**body, "params": params}
    if body != case.body:
        case.body = body


@schemathesis.hook
def after_call(context: schemathesis.HookContext, case: schemathesis.Case, response: schemathesis.Response) -> None:
    for field in ("next_cursor", "session_id"):
        if field.encode() in response.content and response.headers.get("content-type") == ["application/json"]:
            _given.add(response.json().get(field))


def _without_made_up(values: dict[str, Any], name: str) -> dict[str, Any]:
    if not values.get(name) or values[name] in _given:
        return values
    return {other: value for other, value in values.items() if other != name}


def _to_a_real_file(item: dict[str, Any]) -> dict[str, Any]:
    sample = _SAMPLES[item["kind"]]
    token = {"durationToken": sample["duration_token"]} if sample["duration_token"] else {}
    return {**item, "url": sample["url"], **token}
