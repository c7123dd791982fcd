"""What a prompt is understood to ask for."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.engines

pytest.importorskip("onnxruntime")

from rivya.engines.sketch import meaning  # noqa: E402
from rivya.engines.sketch.embed import Embedder  # noqa: E402
from rivya.engines.sketch.nouns import by_name, labels, nouns  # noqa: E402
from rivya.engines.sketch.scene import KINDS  # noqa: E402


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


TABLE = [
    # prompt, kind, time, weather, subjects
    ("A sailboat on the open sea at sunset", "sea", "sunset", "clear", ["sailboat"]),
    ("Mountains at sunset", "mountains", "sunset", "clear", []),
    ("Sunrise over a misty lake with a canoe", "lake", "sunrise", "fog", ["canoe"]),
    ("Rainy city street at night with a yellow taxi", "street", "night", "rain", ["taxi"]),
    ("Rainy city at night", "city", "night", "rain", []),
    ("A ringed planet and a rocket in deep space", "space", "day", "clear", ["rocket"]),
    ("Editorial product photo on a clean studio set", "studio", "day", "clear", []),
    ("A dog flying over a meadow", "meadow", "day", "clear", ["dog"]),
    ("Flying through the sky", "sky", "day", "clear", []),
    ("A red fox in an autumn forest at golden hour", "forest", "golden", "clear", ["fox"]),
    ("Camel in the desert", "desert", "golden", "clear", ["camel"]),
    ("Penguins on the ice, arctic, snowing", "snow", "day", "snow", ["penguin"]),
    ("A lighthouse on the coast in a thunderstorm", "sea", "day", "storm", ["lighthouse"]),
    ("Sea turtle over a coral reef, underwater", "underwater", "day", "clear", ["turtle"]),
    ("A cup of coffee and a croissant on a wooden table", "table", "day", "clear", ["hot-beverage", "croissant"]),
    ("Portrait of an astronaut", "portrait", "day", "clear", ["astronaut"]),
    ("Astronaut standing on the moon", "moon", "day", "clear", ["astronaut"]),
    ("Robot walking on Mars", "mars", "day", "clear", ["robot"]),
    ("Abstract flowing waves of color", "abstract", "day", "clear", []),
    ("Seamless pattern of lemons", "pattern", "day", "clear", ["lemon"]),
    ("An app icon with a rocket", "icon", "day", "clear", ["rocket"]),
    ("A tropical beach with a parasol", "beach", "day", "clear", ["umbrella-on-ground"]),
    ("Cherry blossom garden with a pagoda", "garden", "day", "clear", ["japanese-castle"]),
    ("A cat in a cozy living room", "room", "day", "clear", ["cat"]),
    ("Northern lights over a snowy forest with a wolf", "forest", "night", "clear", ["wolf"]),
    ("A cow in a green meadow", "meadow", "day", "clear", ["cow"]),
    ("Two dinosaurs in the jungle", "jungle", "day", "clear", ["t-rex"]),
    ("A blue car on a road through the mountains", "road", "day", "clear", ["automobile"]),
]


@pytest.mark.parametrize(("prompt", "kind", "time", "weather", "subjects"), TABLE)
def test_a_prompt_chooses_its_scene(
    embedder: Embedder, prompt: str, kind: str, time: str, weather: str, subjects: list[str]
) -> None:
    scene = meaning.read(prompt, embedder=embedder)
    assert (scene.kind, scene.time, scene.weather) == (kind, time, weather)
    assert [wish.noun for wish in scene.subjects] == subjects


def test_counts_sizes_and_colours_belong_to_the_noun_they_stand_before(embedder: Embedder) -> None:
    scene = meaning.read("Three small boats and a huge blue whale on the sea", embedder=embedder)
    boat, whale = scene.subjects
    assert (boat.noun, boat.count, boat.tint) == ("motor-boat", 3, None)
    assert boat.scale < 1 < whale.scale
    assert whale.tint is None, "a blue whale is a kind of whale"
    assert meaning.read("a blue car", embedder=embedder).subjects[0].tint == "blue"


def test_flying_is_not_an_insect_and_a_ringed_planet_no_jewel(embedder: Embedder) -> None:
    scene = meaning.read("A ringed planet, flying rocket", embedder=embedder)
    assert [w.noun for w in scene.subjects] == ["rocket"]
    assert "ringed_planet" in scene.extras


def test_the_red_in_red_fox_is_no_tint_but_the_red_in_red_car_is(embedder: Embedder) -> None:
    assert meaning.read("a red fox", embedder=embedder).subjects[0].tint is None
    assert meaning.read("a red car", embedder=embedder).subjects[0].tint == "red"


@pytest.mark.parametrize("prompt", ["", "???", "12345", "日本の山", "the of and", "x" * 3000])
def test_any_text_gives_a_scene(embedder: Embedder, prompt: str) -> None:
    assert meaning.read(prompt, embedder=embedder).kind in KINDS


def test_every_noun_of_the_table_has_a_vector_and_a_picture() -> None:
    from rivya.engines.sketch import sprites

    assert len(labels()) == len(by_name()) == meaning._vectors().shape[0]  # pyright: ignore[reportPrivateUsage]
    for noun in nouns():
        assert sprites.picture(noun, 24)[..., 3].max() > 0.5, noun
