"""Check a call's references against its model: how many, of which kinds, in which mix, and each one's file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rivya.catalog.model import MediaKind, Model
from rivya.catalog.references import USUAL_LIMITS, ReferenceMedia
from rivya.catalog.validate import REFERENCES
from rivya.errors import ValidationFailed

_PATH = f"params.{REFERENCES}"


def check_references(model: Model, kinds: Sequence[str]) -> None:
    """Check the kinds of a call's references, in their order; none at all is an empty sequence.

    Raises ValidationFailed naming ``params.referenceMediaItems``, or the ``kind`` of the first wrong item.
    """
    rule = model.reference_media or ReferenceMedia(max_files=0, kinds=[])
    if not rule.min_files <= len(kinds) <= rule.max_files:
        raise ValidationFailed(
            f"{_PATH} must hold {rule.min_files} to {rule.max_files} items for {model.id}.", param=_PATH
        )
    for number, kind in enumerate(kinds):
        if kind not in rule.kinds:
            where = f"{_PATH}[{number}].kind"
            raise ValidationFailed(f"{where} must be one of {', '.join(rule.kinds)}.", param=where)
    if rule.mixes and not any(_within(kinds, mix) for mix in rule.mixes):
        raise ValidationFailed(
            f"{_PATH} must hold at most {' or at most '.join(_in_words(mix) for mix in rule.mixes)}.", param=_PATH
        )


def check_reference_file(
    model: Model, kind: MediaKind, *, mime_type: str, size_bytes: int | None = None, number: int
) -> None:
    """Check one reference's file: its measured type, and its size where it is known. Raises ValidationFailed."""
    rule = model.reference_media
    limit = rule.limit(kind) if rule is not None else USUAL_LIMITS[kind]
    where = f"{_PATH}[{number}]"
    if mime_type not in limit.mime_types:
        accepted = ", ".join(limit.mime_types)
        raise ValidationFailed(f"{where} is {mime_type}; {model.id} accepts {accepted}.", param=where)
    if size_bytes is not None and size_bytes > limit.max_bytes:
        raise ValidationFailed(
            f"{where} has {size_bytes} bytes; {model.id} accepts at most {limit.max_bytes}.", param=where
        )


def _within(kinds: Sequence[str], mix: Mapping[MediaKind, int]) -> bool:
    left = Counter[str](kinds)
    left.subtract(mix)
    return all(count <= 0 for count in left.values())


def _in_words(mix: Mapping[MediaKind, int]) -> str:
    return " and ".join(f"{count} of kind {kind}" for kind, count in mix.items())
