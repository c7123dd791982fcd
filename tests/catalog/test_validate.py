"""What a model accepts, as pure functions."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rivya.catalog.model import Model, Param, ReferenceMedia
from rivya.catalog.validate import check_params, check_prompt
from rivya.errors import ValidationFailed

JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)

PARAMS = [
    Param(key="size", type="select", options=["small", "large"], default="small"),
    Param(key="flag", type="select", options=["true", "false"]),
    Param(key="style", type="text", max_length=5),
    Param(key="count", type="number", min=1, max=4, step=1),
    Param(key="speed", type="number", min=0.7, max=1.3, step=0.05),
    Param(key="free", type="number"),
    Param(key="whole", type="number", step=1),
    Param(key="tags", type="array"),
]


def model(*, prompt: str = "required", most: int | None = 10, params: list[Param] | None = None) -> Model:
    return Model(
        id="m",
        display_name="M",
        category="image",
        base_credits=1,
        billing_type="FIXED",
        prompt=prompt,  # type: ignore[arg-type]
        max_prompt_length=most,
        params=PARAMS if params is None else params,
    )


ACCEPTED = [
    ("size", "large"),
    ("flag", "false"),
    ("style", ""),
    ("style", "é" * 5),
    ("count", 1),
    ("count", 4),
    ("count", 2.0),
    ("speed", 0.7),
    ("speed", 0.85),
    ("speed", 1.3),
    ("free", -1e308),
    ("free", 10**15),
    ("whole", -3),
    ("tags", []),
    ("tags", ["a", "b"]),
]

REFUSED = [
    ("size", "Small"),
    ("size", ""),
    ("size", ["small"]),
    ("flag", False),
    ("style", "x" * 6),
    ("style", "\x00"),
    ("style", 1),
    ("count", 0),
    ("count", 5),
    ("count", 1.5),
    ("count", "2"),
    ("count", True),
    ("count", None),
    ("speed", 0.69),
    ("speed", 0.71),
    ("speed", 1.35),
    ("whole", 0.5),
    ("whole", 1e300),
    ("tags", "a"),
    ("tags", {}),
    ("tags", ["\x00"]),
]


@pytest.mark.parametrize(("key", "value"), ACCEPTED)
def test_a_value_that_fits_is_kept_as_it_is(key: str, value: object) -> None:
    assert check_params(model(), {key: value})[key] == value


@pytest.mark.parametrize(("key", "value"), REFUSED)
def test_a_value_that_does_not_fit_is_refused_by_its_path(key: str, value: object) -> None:
    with pytest.raises(ValidationFailed) as refused:
        check_params(model(), {key: value})
    assert refused.value.param == f"params.{key}"


def test_an_omitted_param_takes_its_default() -> None:
    assert check_params(model(), {}) == {"size": "small"}


def test_a_required_param_must_be_given() -> None:
    with pytest.raises(ValidationFailed) as refused:
        check_params(model(params=[Param(key="style", type="text", required=True)]), {})
    assert refused.value.param == "params.style"


def test_references_are_unknown_to_a_model_that_takes_none() -> None:
    with pytest.raises(ValidationFailed):
        check_params(model(), {"referenceMediaItems": []})


def test_references_are_not_among_the_checked_params() -> None:
    refers = Model(
        id="m",
        display_name="M",
        category="image",
        base_credits=1,
        billing_type="FIXED",
        reference_media=ReferenceMedia(max_files=1, kinds=["image"]),
    )
    assert check_params(refers, {"referenceMediaItems": []}) == {}


def test_the_name_of_an_unknown_param_is_cut_in_the_answer() -> None:
    with pytest.raises(ValidationFailed) as refused:
        check_params(model(), {"x" * 100_000: 1})
    assert len(refused.value.message) < 500


@given(some.dictionaries(some.sampled_from([param.key for param in PARAMS]) | some.text(max_size=5), JSON, max_size=4))
def test_whatever_is_sent_is_checked_or_refused(params: dict[str, object]) -> None:
    with contextlib.suppress(ValidationFailed):
        assert set(params) <= set(check_params(model(), params))


@pytest.mark.parametrize("prompt", ["a", "x" * 10, "é" * 10, " a "])
def test_a_prompt_within_its_length_is_kept_as_it_is(prompt: str) -> None:
    assert check_prompt(model(), prompt) == prompt


@pytest.mark.parametrize("prompt", [None, "", "  \n", "x" * 11, "a\x00"])
def test_a_prompt_that_a_model_cannot_use_is_refused(prompt: str | None) -> None:
    with pytest.raises(ValidationFailed) as refused:
        check_prompt(model(), prompt)
    assert refused.value.param == "prompt"


@pytest.mark.parametrize("prompt", [None, "", "a"])
def test_where_a_prompt_is_optional_none_will_do(prompt: str | None) -> None:
    assert check_prompt(model(prompt="optional"), prompt) == (prompt or "")


def test_a_model_without_a_longest_length_takes_any() -> None:
    assert len(check_prompt(model(most=None), "x" * 100_000)) == 100_000
