"""Everything that is wrong with a model file, each by its key and what was expected: pure functions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from types import NoneType, UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints

import msgspec

from rivya.catalog.model import MediaKind, Model, Param, ReferenceMedia
from rivya.catalog.shape import Struct
from rivya.catalog.validate import REFERENCES, expected, fits

_ID = re.compile(r"[a-z0-9-]{1,100}")
_MODE = re.compile(r"(text|image|video|audio)-to-[a-z]+|chat")


def shape_problems(content: object, shape: Any = Model, path: str = "") -> Iterator[str]:
    """Say each key that is missing or unknown, and each value of the wrong type."""
    shape = _without_none(shape)
    if isinstance(content, dict) and (struct := _struct(shape)) is not None:
        yield from _struct_problems(cast("dict[str, object]", content), struct, path)
    elif isinstance(content, list) and get_origin(shape) in (list, Sequence):
        for number, entry in enumerate(cast("list[object]", content)):
            yield from shape_problems(entry, get_args(shape)[0], f"{path}[{number}]")
    elif isinstance(content, dict) and get_origin(shape) is dict:
        key_shape, value_shape = get_args(shape)
        for key, value in cast("dict[str, object]", content).items():
            yield from shape_problems(key, key_shape, path)
            yield from shape_problems(value, value_shape, f"{path}.{key}")
    else:
        try:
            msgspec.convert(content, shape)
        except msgspec.ValidationError as error:
            yield f"{path}: {error}"


def rule_problems(model: Model) -> Iterator[str]:
    """Say what is wrong with a model whose keys and types are right."""
    if not _ID.fullmatch(model.id):
        yield f"id: {model.id!r} must be at most 100 small letters, digits and hyphens"
    for key in ("base_credits", "deadline_s", "max_prompt_length"):
        number = getattr(model, key)
        if number is not None and number < 1:
            yield f"{key}: must be at least 1"
    yield from _params(model.params, "params")
    if any(param.key == REFERENCES for param in model.params):
        yield f"params.{REFERENCES}: this name is for reference media"
    if model.reference_media is not None:
        yield from _references(model.reference_media)
    yield from _modes(model)
    yield from _multipliers(model)
    yield from _scales(model)
    yield from _meter(model)
    if model.tokens is not None:
        if model.billing_type != "TOKEN_BASED":
            yield "tokens: belongs to a TOKEN_BASED model"
        for key in ("size", "output_factor"):
            if not _is_positive(getattr(model.tokens, key)):
                yield f"tokens.{key}: must be above 0"
    if (model.category == "chat") != (model.chat is not None):
        yield "chat: belongs to a chat model, and a chat model needs it"
    if model.prompt_from is not None and not _is_array_of_texts(model, model.prompt_from):
        yield f"prompt_from: there is no array param {model.prompt_from!r} of objects with a text"


def _struct_problems(content: dict[str, object], struct: type[Struct], path: str) -> Iterator[str]:
    hints = get_type_hints(struct)
    prefix = f"{path}." if path else ""
    for field in msgspec.structs.fields(struct):
        if field.encode_name in content:
            yield from shape_problems(content[field.encode_name], hints[field.name], prefix + field.encode_name)
        elif field.required:
            yield f"{prefix}{field.encode_name}: missing required field"
    for key in content:
        if key not in {field.encode_name for field in msgspec.structs.fields(struct)}:
            accepted = ", ".join(field.encode_name for field in msgspec.structs.fields(struct))
            yield f"{prefix}{key}: unknown field; the fields are {accepted}"


def _struct(shape: Any) -> type[Struct] | None:
    return shape if isinstance(shape, type) and issubclass(shape, Struct) else None


def _without_none(shape: Any) -> Any:
    """Return ``X`` for ``X | None``; any other type as it is."""
    others = [other for other in get_args(shape) if other is not NoneType]
    return others[0] if isinstance(shape, UnionType) and len(others) == 1 else shape


def _params(params: Sequence[Param], path: str) -> Iterator[str]:
    keys = [param.key for param in params]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield f"{path}.{key}: this key is given twice"
    for param in params:
        for problem in _param(param, inside=path != "params"):
            yield f"{path}.{param.key}{problem}"
        if param.items is not None:
            yield from _params(param.items, f"{path}.{param.key}.items")


def _param(param: Param, *, inside: bool) -> Iterator[str]:
    if (param.type == "select") != (param.options is not None):
        yield ".options: options belong to a select, and a select needs them"
    if param.options is not None and len(set(param.options)) != max(1, len(param.options)):
        yield ".options: must be at least one, and none of them twice"
    for key in ("min", "max", "step", "default"):
        value = getattr(param, key)
        if isinstance(value, float) and not math.isfinite(value):
            yield f".{key}: must be a finite number"
        elif key != "default" and value is not None and param.type != "number":
            yield f".{key}: belongs to a number"
    if param.step is not None and param.step <= 0:
        yield ".step: must be above 0"
        return
    if param.min is not None and param.max is not None and param.min > param.max:
        yield ".min: must not be above max"
    if param.type == "array" and inside:
        yield ".type: an array holds no arrays"
    if param.items is not None and param.type != "array":
        yield ".items: belong to an array"
    if not 0 <= param.min_items <= param.max_items or param.max_length < 1:
        yield ": the least and the most that it takes do not go together"
    yield from _default(param)


def _default(param: Param) -> Iterator[str]:
    if param.default is None:
        return
    if param.options is not None and param.default not in param.options:
        yield f".default: {param.default!r} is not one of its options"
    elif param.type == "array":
        yield ".default: an array has none"
    elif not fits(param, param.default):
        yield f".default: expected {expected(param)}, not {param.default!r}"


def _references(rule: ReferenceMedia) -> Iterator[str]:
    if not 0 <= rule.min_files <= rule.max_files or rule.max_files < 1:
        yield "reference_media.max_files: must be at least 1 and not below min_files"
    if not rule.kinds or len(set(rule.kinds)) != len(rule.kinds):
        yield "reference_media.kinds: must be at least one, and none of them twice"
    for kind, limit in rule.limits.items():
        if kind not in rule.kinds:
            yield f"reference_media.limits.{kind}: is not one of its kinds"
        if limit.max_bytes < 1 or not limit.mime_types:
            yield f"reference_media.limits.{kind}: needs max_bytes above 0 and at least one of mime_types"
        for mime_type in limit.mime_types:
            if not mime_type.startswith(f"{kind}/"):
                yield f"reference_media.limits.{kind}.mime_types: {mime_type!r} is of another kind"
    for number, mix in enumerate(rule.mixes):
        if not mix or set(mix) - set(rule.kinds) or min(mix.values()) < 1:
            yield f"reference_media.mixes[{number}]: must give kinds of its own, each with a number of at least 1"


def _modes(model: Model) -> Iterator[str]:
    kinds: Sequence[MediaKind] = model.reference_media.kinds if model.reference_media is not None else []
    for mode in model.supported_modes:
        if not _MODE.fullmatch(mode):
            yield f"supported_modes: {mode!r} must be like text-to-image, or chat"
        elif model.is_async and mode.split("-to-")[0] not in ("text", *kinds):
            yield f"supported_modes: {mode!r} begins with what is no kind of its reference_media"


def _multipliers(model: Model) -> Iterator[str]:
    params = {param.key: param for param in model.params}
    for multiplier in model.multipliers:
        where = f"multipliers.{multiplier.param}"
        param = params.get(multiplier.param)
        if param is None:
            yield f"multipliers: there is no param {multiplier.param!r}"
        elif param.options is not None and multiplier.value not in param.options:
            yield f"{where}: {multiplier.value!r} is not one of its options"
        elif param.type == "number" and _number(multiplier.value) is None:
            yield f"{where}: expected a number as value"
        elif param.type not in ("select", "number"):
            yield f"{where}: only a select or a number has a price"
        if not _is_positive(multiplier.factor):
            yield f"{where}: factor must be above 0"


def _scales(model: Model) -> Iterator[str]:
    params = {param.key: param for param in model.params}
    for scale in model.scales:
        where = f"scales.{scale.param}"
        param = params.get(scale.param)
        if param is None:
            yield f"scales: there is no param {scale.param!r}"
        elif param.default is None and not param.required:
            yield f"{where}: a param with a price needs a default"
        elif param.type == "number" and not _is_positive(param.min or 0):
            yield f"{where}: a number with a price needs a min above 0"
        elif param.type not in ("select", "number") or not all(map(_is_positive, map(_number, param.options or ()))):
            yield f"{where}: expected a number, or a select of numbers above 0"
        if not _is_positive(scale.per):
            yield f"{where}: per must be above 0"


def _meter(model: Model) -> Iterator[str]:
    meter = model.meter
    if (model.billing_type == "METERED") != (meter is not None):
        yield "meter: belongs to a METERED model, and a METERED model needs it"
    if meter is None:
        return
    if not _is_positive(meter.size):
        yield "meter.size: must be above 0"
    numbers = [param.key for param in model.params if param.type == "number"]
    if meter.unit == "characters" and meter.param is not None and not _is_array_of_texts(model, meter.param):
        yield f"meter.param: there is no array param {meter.param!r} of objects with a text"
    elif meter.unit == "seconds" and meter.param is not None and meter.param not in numbers:
        yield f"meter.param: there is no number param {meter.param!r}"
    elif meter.unit == "seconds" and meter.param is None:
        rule = model.reference_media
        if rule is None or rule.min_files < 1 or rule.duration_token_required_for != rule.kinds:
            yield "meter.param: without it seconds are those of references, which must be required, video or audio"


def _is_array_of_texts(model: Model, key: str) -> bool:
    fields = next((param.items for param in model.params if param.key == key), None)
    return any(field.type == "text" for field in fields or ())


def _is_positive(number: float | None) -> bool:
    return number is not None and math.isfinite(number) and number > 0


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
