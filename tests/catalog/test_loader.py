"""Model files: what is wrong with one is said by file, key and expectation."""

from __future__ import annotations

from pathlib import Path

import pytest

from rivya.catalog.example import example_params
from rivya.catalog.loader import BadCatalog, load, read
from rivya.catalog.model import Model
from rivya.catalog.validate import check_params

GOOD = """
id = "mine"
display_name = "Mine"
category = "image"
billing_type = "FIXED"
base_credits = 1
"""

SELECT = """
[[params]]
key = "size"
type = "select"
default = "small"
options = ["small", "large"]
"""

MODELS = load(with_scripted=True)


def test_a_small_file_is_a_model() -> None:
    assert read("mine.toml", GOOD + SELECT).params[0].options == ["small", "large"]


@pytest.mark.parametrize(
    ("text", "key", "expectation"),
    [
        pytest.param("id = ", "end of document", "Invalid value", id="not TOML"),
        pytest.param(GOOD.replace('id = "mine"', ""), "id", "missing required field", id="no id"),
        pytest.param(GOOD + 'colour = "red"', "colour", "unknown field", id="an unknown key"),
        pytest.param(GOOD.replace("= 1", '= "1"'), "base_credits", "Expected `int`", id="credits in a string"),
        pytest.param(GOOD.replace("= 1", "= 0"), "base_credits", "at least 1", id="no credits"),
        pytest.param(GOOD.replace("image", "picture"), "category", "Invalid enum value", id="an unknown category"),
        pytest.param(GOOD + "deadline_s = 0", "deadline_s", "at least 1", id="no time"),
        pytest.param(GOOD + SELECT + SELECT, "params", "twice", id="a param twice"),
        pytest.param(
            GOOD + SELECT.replace('"select"', '"text"'), "params.size", "options belong to a select", id="stray options"
        ),
        pytest.param(
            GOOD + '[[params]]\nkey = "size"\ntype = "select"', "params.size", "a select needs them", id="no options"
        ),
        pytest.param(
            GOOD + SELECT.replace('= "small"', '= "tiny"'),
            "params.size.default",
            "not one of its options",
            id="a default that is no option",
        ),
        pytest.param(
            GOOD + '[[params]]\nkey = "n"\ntype = "number"\ndefault = "5"',
            "params.n.default",
            "expected a number",
            id="a default that is no number",
        ),
        pytest.param(
            GOOD + '[[params]]\nkey = "n"\ntype = "number"\ndefault = 5\nmax = 4',
            "params.n.default",
            "4",
            id="a default out of its range",
        ),
        pytest.param(
            GOOD + '[[params]]\nkey = "n"\ntype = "text"\ndefault = 5', "params.n.default", "", id="a text that is 5"
        ),
        pytest.param(
            GOOD + '[[params]]\nkey = "n"\ntype = "number"\nstep = 0', "params.n.step", "above 0", id="a step of 0"
        ),
        pytest.param(
            GOOD + '[[multipliers]]\nparam = "size"\nvalue = "x"\nfactor = 2',
            "multipliers",
            "'size'",
            id="no such param",
        ),
        pytest.param(
            GOOD + SELECT + '[[multipliers]]\nparam = "size"\nvalue = "large"\nfactor = 0',
            "multipliers.size",
            "above 0",
            id="a factor of 0",
        ),
        pytest.param(GOOD.replace("FIXED", "METERED"), "meter", "needs it", id="metered without a meter"),
        pytest.param(GOOD + '[meter]\nunit = "characters"\nsize = 5', "meter", "METERED", id="a stray meter"),
        pytest.param(
            GOOD.replace("FIXED", "METERED") + '[meter]\nunit = "characters"\nsize = 0', "meter", "above 0", id="size 0"
        ),
        pytest.param(
            GOOD.replace("FIXED", "METERED") + '[meter]\nunit = "seconds"\nsize = 5\nparam = "length"',
            "meter",
            "length",
            id="a meter of no param",
        ),
        pytest.param(GOOD.replace("image", "chat"), "chat", "needs it", id="a chat model without [chat]"),
    ],
)
def test_a_broken_file_is_refused_with_its_name_its_key_and_what_was_expected(
    text: str, key: str, expectation: str
) -> None:
    with pytest.raises(BadCatalog) as refused:
        read("mine.toml", text)
    assert str(refused.value).startswith("mine.toml: ")
    assert key in str(refused.value)
    assert expectation in str(refused.value)


def test_a_file_of_ones_own_adds_a_model(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD)
    assert load(folder=tmp_path)["mine"].display_name == "Mine"


def test_a_file_of_ones_own_overrides_a_model(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD.replace('"mine"', '"rivya-sketch"'))
    assert load(folder=tmp_path)["rivya-sketch"].display_name == "Mine"


def test_a_file_that_is_no_model_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("not TOML")
    load(folder=tmp_path)


def test_the_scripted_model_is_there_only_when_asked_for() -> None:
    assert "scripted" not in load()
    assert "scripted" in load(with_scripted=True)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_the_defaults_of_a_shipped_model_are_values_that_it_accepts(model: Model) -> None:
    defaults = {param.key: param.default for param in model.params if param.default is not None}
    assert check_params(model, example_params(model.params) | defaults).items() >= defaults.items()


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_every_param_of_a_shipped_model_says_what_it_does(model: Model) -> None:
    assert [param.key for param in model.params if not param.description] == []


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_every_price_factor_of_a_shipped_model_is_for_an_option_that_it_has(model: Model) -> None:
    options = {param.key: param.options or [] for param in model.params}
    assert [given for given in model.multipliers if given.value not in options[given.param]] == []
