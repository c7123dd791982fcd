"""The form of one model, and what it begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from rivya.catalog.model import Model, Param
from rivya.catalog.references import MEBIBYTE, MediaLimit, ReferenceMedia
from rivya.catalog.shape import MediaKind, Number
from rivya.chat.prepare import MOST_ATTACHMENTS
from rivya.web.studio.offers import Offer
from rivya.web.studio.references import Given

_MOST_SLIDER_STEPS = 200
_PLURALS: Mapping[MediaKind, str] = {"image": "Pictures", "video": "Videos", "audio": "Sounds"}


@dataclass(frozen=True, slots=True)
class Control:
    """One param as a control: a value that is left out is shown as such, and left out again."""

    param: Param
    value: str | Number | None
    rows: Sequence[Mapping[str, Any]] = ()

    @property
    def label(self) -> str:
        return label_of(self.param.key)

    @property
    def kind(self) -> str:
        """Return what it is drawn as."""
        param = self.param
        if param.type == "array":
            return "rows" if param.items is not None else "unsupported"
        if param.type == "number" and self.value is not None and _slides(param):
            return "slider"
        if param.type == "text":
            return "line" if param.max_length <= 100 else "text"
        return param.type

    @property
    def may_be_empty(self) -> bool:
        return self.param.default is None and not self.param.required


@dataclass(frozen=True, slots=True)
class Form:
    offer: Offer
    offers: Sequence[Offer]
    prompt: str = ""
    controls: Sequence[Control] = ()
    references: Sequence[Given] = field(default_factory=tuple)

    @property
    def model(self) -> Model:
        return self.offer.model

    @property
    def asks_prompt(self) -> bool:
        return self.model.prompt != "unused" and self.model.prompt_from is None

    @property
    def accept(self) -> str:
        """Return what a file picker is to offer."""
        rule = self.model.reference_media
        kinds = rule.kinds if rule is not None else []
        return ",".join(type for kind in kinds for type in (rule.limit(kind).mime_types if rule is not None else []))

    @property
    def limits_words(self) -> str:
        """Return what files may be, in words."""
        rule = self.model.reference_media
        return " ".join(_limit_words(kind, rule.limit(kind)) for kind in rule.kinds) if rule is not None else ""

    @property
    def rule_json(self) -> str:
        return msgspec.json.encode(reference_rule(self.model)).decode()

    @property
    def given_json(self) -> str:
        return msgspec.json.encode(self.references).decode()


def controls(model: Model, given: Mapping[str, object]) -> list[Control]:
    """Return the controls of a model's params, filled with what is given, else with the defaults."""
    found: list[Control] = []
    for param in model.params:
        value = given.get(param.key, param.default)
        if param.type == "array":
            entries = cast("list[object]", value) if isinstance(value, list) else []
            rows = [cast("dict[str, Any]", entry) for entry in entries if isinstance(entry, dict)]
            found.append(Control(param, None, rows=rows or [{}]))
        else:
            found.append(Control(param, value if isinstance(value, str | int | float) else None))
    return found


def label_of(key: str) -> str:
    """Return a param's name in words: ``aspect_ratio`` and ``aspectRatio`` are both an aspect ratio."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in key.replace("_", " ")).split()
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def _slides(param: Param) -> bool:
    if param.min is None or param.max is None or param.step is None:
        return False
    return (param.max - param.min) / param.step <= _MOST_SLIDER_STEPS


def reference_rule(model: Model) -> dict[str, object] | None:
    """Return what a form must know of a model's references before it uploads one; None if it takes none."""
    rule = model.reference_media
    if model.chat is not None and model.chat.image_attachments:
        rule = ReferenceMedia(max_files=MOST_ATTACHMENTS, kinds=["image"])
    if rule is None:
        return None
    return {
        "minFiles": rule.min_files,
        "maxFiles": rule.max_files,
        "kinds": rule.kinds,
        "mixes": rule.mixes,
        "text": rule.rule,
        "limits": {
            kind: {"maxBytes": rule.limit(kind).max_bytes, "mimeTypes": rule.limit(kind).mime_types}
            for kind in rule.kinds
        },
    }


def _limit_words(kind: MediaKind, limit: MediaLimit) -> str:
    names = ", ".join(dict.fromkeys(_short(name) for name in limit.mime_types))
    return f"{_PLURALS[kind]}: {names}, at most {limit.max_bytes // MEBIBYTE} MB."


def _short(mime_type: str) -> str:
    name = mime_type.split("/")[1].removeprefix("x-")
    return {"mpeg": "MP3", "quicktime": "MOV", "webp": "WebP", "webm": "WebM"}.get(name, name.upper())
