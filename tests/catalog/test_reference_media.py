"""What references a model takes: how many, of which kinds, in which mix, and the files themselves."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rivya.catalog.loader import load
from rivya.catalog.model import MediaKind, MediaLimit, Model, ReferenceMedia
from rivya.catalog.reference_rules import check_reference_file, check_references
from rivya.errors import ValidationFailed

MODELS = load()
PATH = "params.referenceMediaItems"


def model(rule: ReferenceMedia | None) -> Model:
    return Model(id="m", display_name="M", category="video", base_credits=1, billing_type="FIXED", reference_media=rule)


def refusal(model: Model, kinds: list[str]) -> str | None:
    """Return the path of what is refused, None if all is well."""
    try:
        check_references(model, kinds)
    except ValidationFailed as error:
        return error.param
    return None


@pytest.mark.parametrize("count", [0, 1, 9])
def test_as_many_pictures_as_a_model_takes_are_accepted(count: int) -> None:
    assert refusal(MODELS["happyhorse-1-0"], ["image"] * count) is None


@pytest.mark.parametrize("pictures", [0, 1, 5])
def test_a_video_with_fewer_pictures_is_accepted(pictures: int) -> None:
    assert refusal(MODELS["happyhorse-1-0"], ["video", *["image"] * pictures]) is None


@pytest.mark.parametrize(
    "kinds", [["image"] * 10, ["video"] * 2, ["video", *["image"] * 6], ["video", "video", "image"], ["image"] * 11]
)
def test_a_mix_that_a_model_does_not_take_is_refused(kinds: list[str]) -> None:
    assert refusal(MODELS["happyhorse-1-0"], kinds) == PATH


def test_the_mixes_are_told_to_who_sent_another() -> None:
    with pytest.raises(ValidationFailed) as refused:
        check_references(MODELS["happyhorse-1-0"], ["video", "video"])
    assert "9 of kind image or at most 1 of kind video and 5 of kind image" in refused.value.message


def test_a_kind_that_a_model_does_not_take_is_refused_by_its_place() -> None:
    assert refusal(MODELS["wan-2-7-video"], ["image", "audio"]) == f"{PATH}[1].kind"


@pytest.mark.parametrize("kinds", [[], ["audio", "audio"]])
def test_a_model_that_works_on_one_sound_takes_neither_none_nor_two(kinds: list[str]) -> None:
    assert refusal(MODELS["audio-isolation"], kinds) == PATH


def test_a_model_without_references_takes_none() -> None:
    assert refusal(model(None), []) is None
    assert refusal(model(None), ["image"]) == PATH


@given(some.lists(some.sampled_from(["image", "video", "audio", "text", ""]), max_size=12))
def test_what_is_accepted_is_within_one_mix(kinds: list[str]) -> None:
    rule = ReferenceMedia(max_files=8, kinds=["image", "video"], mixes=[{"image": 7}, {"video": 2, "image": 3}])
    fits = len(kinds) <= 8 and set(kinds) <= {"image", "video"}
    fits = fits and (
        (kinds.count("video") == 0 and kinds.count("image") <= 7)
        or (kinds.count("video") <= 2 and kinds.count("image") <= 3)
    )
    assert (refusal(model(rule), kinds) is None) == fits


LIMITED = model(
    ReferenceMedia(
        max_files=1, kinds=["image", "video"], limits={"video": MediaLimit(max_bytes=10, mime_types=["video/mp4"])}
    )
)


@pytest.mark.parametrize(
    ("kind", "mime_type", "size_bytes", "accepted"),
    [
        ("video", "video/mp4", 10, True),
        ("video", "video/mp4", 11, False),
        ("video", "video/mp4", None, True),
        ("video", "video/webm", 1, False),
        ("image", "image/webp", 10 * 1024 * 1024, True),
        ("image", "image/webp", 10 * 1024 * 1024 + 1, False),
        ("image", "image/gif", 1, False),
    ],
)
def test_a_file_is_held_to_the_limit_of_its_kind(
    kind: MediaKind, mime_type: str, size_bytes: int | None, accepted: bool
) -> None:
    with contextlib.nullcontext() if accepted else pytest.raises(ValidationFailed) as refused:
        check_reference_file(LIMITED, kind, mime_type=mime_type, size_bytes=size_bytes, number=2)
    assert refused is None or refused.value.param == f"{PATH}[2]"
