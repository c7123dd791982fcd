"""What a call costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rivya.catalog.loader import load
from rivya.catalog.model import Meter, Model, Multiplier
from rivya.catalog.price import factors, price, total
from rivya.chat.tokens import TokenPrice

MODELS = load()
CREDITS = some.integers(1, 10_000)
FACTORS = some.floats(0.01, 100)


def model(credits: int, *, multipliers: list[Multiplier] | None = None, meter: Meter | None = None) -> Model:
    return Model(
        id="m",
        display_name="M",
        category="audio",
        base_credits=credits,
        billing_type="METERED" if meter else "FIXED",
        multipliers=multipliers or [],
        meter=meter,
    )


def characters(size: float) -> Meter:
    return Meter(unit="characters", size=size)


def seconds(size: float) -> Meter:
    return Meter(unit="seconds", size=size, param="duration")


@given(CREDITS, some.text(max_size=200))
def test_a_fixed_price_does_not_depend_on_the_prompt(credits: int, prompt: str) -> None:
    assert price(model(credits), prompt=prompt, params={}) == credits


@given(CREDITS, some.lists(FACTORS, max_size=4), some.text(max_size=50))
def test_a_price_is_never_below_one(credits: int, factors: list[float], prompt: str) -> None:
    multipliers = [Multiplier(param="p", value="x", factor=factor) for factor in factors]
    for meter in (None, characters(100)):
        assert price(model(credits, multipliers=multipliers, meter=meter), prompt=prompt, params={"p": "x"}) >= 1


@given(CREDITS, FACTORS)
def test_a_price_is_rounded_up(credits: int, factor: float) -> None:
    multiplier = Multiplier(param="p", value="x", factor=factor)
    charged = price(model(credits, multipliers=[multiplier]), prompt="", params={"p": "x"})
    assert charged >= credits * factor - 1e-6
    assert charged < credits * factor + 1 + 1e-6


@given(CREDITS, some.floats(0.1, 500), some.integers(0, 5000), some.integers(0, 5000))
def test_more_characters_never_cost_less(credits: int, size: float, few: int, more: int) -> None:
    few, more = sorted((few, more))
    metered = model(credits, meter=characters(size))
    assert price(metered, prompt="x" * few, params={}) <= price(metered, prompt="x" * more, params={})


@given(CREDITS, some.floats(0.1, 60), some.floats(0, 3600), some.floats(0, 3600))
def test_more_seconds_never_cost_less(credits: int, size: float, few: float, more: float) -> None:
    few, more = sorted((few, more))
    metered = model(credits, meter=seconds(size))
    assert price(metered, prompt="", params={"duration": few}) <= price(metered, prompt="", params={"duration": more})


@pytest.mark.parametrize(
    ("length", "credits"), [(0, 1), (1, 1), (499, 1), (500, 1), (501, 2), (1000, 2), (1001, 3), (5000, 10)]
)
def test_each_unit_that_was_begun_is_charged(length: int, credits: int) -> None:
    assert price(MODELS["rivya-voice"], prompt="x" * length, params={}) == credits


@pytest.mark.parametrize(("duration", "credits"), [(5, 1), (20, 1), (21, 2), (40, 2), (60, 3)])
def test_seconds_are_read_from_the_models_param(duration: int, credits: int) -> None:
    assert price(MODELS["rivya-music"], prompt="", params={"duration": duration}) == credits


@pytest.mark.parametrize(("duration", "credits"), [("2", 2), ("4", 4), ("6", 6), ("8", 8)])
def test_an_option_multiplies_the_base(duration: str, credits: int) -> None:
    assert price(MODELS["rivya-motion"], prompt="", params={"duration": duration}) == credits


def test_several_factors_multiply_each_other() -> None:
    multipliers = [Multiplier(param="a", value="1", factor=1.1), Multiplier(param="b", value="2", factor=10)]
    assert price(model(10, multipliers=multipliers), prompt="", params={"a": "1", "b": "2"}) == 110


def test_factors_are_decimal_numbers_and_not_binary_ones() -> None:
    """In binary 3 times 1.1 is a little more than 3.3, and 100 times 1.1 a little more than 110."""
    multiplier = Multiplier(param="a", value="1", factor=1.1)
    assert price(model(100, multipliers=[multiplier]), prompt="", params={"a": "1"}) == 110


def test_a_factor_of_a_number_param_is_for_that_number_however_it_is_written() -> None:
    multiplier = Multiplier(param="n", value="2", factor=3)
    prices = {price(model(1, multipliers=[multiplier]), prompt="", params={"n": number}) for number in (2, 2.0)}
    assert prices == {3}


def test_an_option_that_was_not_chosen_costs_nothing() -> None:
    multiplier = Multiplier(param="a", value="1", factor=5)
    assert price(model(2, multipliers=[multiplier]), prompt="", params={}) == 2


@given(some.sampled_from(sorted(MODELS)), some.data())
def test_the_factors_of_any_models_price_multiply_to_it_and_none_makes_it_negative(
    name: str, data: some.DataObject
) -> None:
    found = MODELS[name]
    params = {
        param.key: data.draw(some.sampled_from(param.options)) for param in found.params if param.options is not None
    }
    prompt, seconds = data.draw(some.text(max_size=300)), data.draw(some.integers(0, 600))
    made = factors(found, prompt=prompt, params=params, reference_seconds=seconds)
    assert all(one.factor >= 0 for one in made)
    assert total(made) == price(found, prompt=prompt, params=params, reference_seconds=seconds) >= 1


@given(CREDITS, some.lists(FACTORS, min_size=1, max_size=4), some.integers(0, 3), some.floats(1, 10))
def test_a_price_grows_with_each_of_its_factors(
    credits: int, given_factors: list[float], place: int, more: float
) -> None:
    place %= len(given_factors)
    larger = [factor * more if number == place else factor for number, factor in enumerate(given_factors)]
    cheap, dear = (
        price(
            model(credits, multipliers=[Multiplier(param="p", value="x", factor=factor) for factor in these]),
            prompt="",
            params={"p": "x"},
        )
        for these in (given_factors, larger)
    )
    assert cheap <= dear


@given(CREDITS, some.integers(1, 100_000), some.integers(0, 10**6), some.integers(0, 10**6), some.integers(0, 10**5))
def test_a_turn_costs_at_most_what_the_most_tokens_do(
    credits: int, size: int, input_tokens: int, output_tokens: int, more: int
) -> None:
    rates = TokenPrice(credits, size, "2.5")
    used = rates.credits(input_tokens=input_tokens, output_tokens=output_tokens)
    assert 1 <= used <= rates.credits(input_tokens=input_tokens + more, output_tokens=output_tokens + more)
