"""rivya-sketch as its host sees it: a job in, a picture file out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.engines

pytest.importorskip("onnxruntime")

from PIL import Image  # noqa: E402

from rivya.engines.base import InvalidInput, Job, Reference  # noqa: E402
from rivya.engines.sketch import SOFTWARE, SketchEngine, compose, meaning  # noqa: E402

SMALL = 160 * 160


@pytest.fixture(scope="module")
def engine() -> SketchEngine:
    return SketchEngine(pixels=SMALL)


def draw(
    engine: SketchEngine, folder: Path, prompt: str, references: tuple[Reference, ...] = (), **params: object
) -> Path:
    seen: list[int] = []
    folder.mkdir(parents=True, exist_ok=True)
    (artifact,) = engine.run(Job("job", folder, prompt, params, references), seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 100
    return artifact.path


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"), np.int16)


def test_the_default_is_a_png_of_a_megapixel_that_says_it_is_procedural(tmp_path: Path) -> None:
    path = draw(SketchEngine(), tmp_path, "a fox in a meadow")
    with Image.open(path) as image:
        assert (image.format, image.size) == ("PNG", (1024, 1024))
        assert image.info["Software"] == SOFTWARE == "Rivya Sketch (procedural)"


@pytest.mark.parametrize("ratio", ["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9", "5:4"])
def test_the_size_follows_the_aspect_ratio(engine: SketchEngine, tmp_path: Path, ratio: str) -> None:
    with Image.open(draw(engine, tmp_path, "a boat on the sea", aspect_ratio=ratio)) as image:
        w, h = image.size
    wide, tall = (int(part) for part in ratio.split(":"))
    assert w % 16 == h % 16 == 0
    assert abs(w / h / (wide / tall) - 1) < 0.12
    assert abs(w * h / SMALL - 1) < 0.15


@pytest.mark.parametrize("bad", ["wide", "0:1", "1", "100:1", "1:2:3"])
def test_an_impossible_aspect_ratio_names_its_field(engine: SketchEngine, tmp_path: Path, bad: str) -> None:
    with pytest.raises(InvalidInput, match="aspect_ratio"):
        draw(engine, tmp_path, "a boat", aspect_ratio=bad)


@pytest.mark.parametrize(
    ("name", "kind", "suffix"), [("jpeg", "JPEG", ".jpg"), ("jpg", "JPEG", ".jpg"), ("webp", "WEBP", ".webp")]
)
def test_other_formats(engine: SketchEngine, tmp_path: Path, name: str, kind: str, suffix: str) -> None:
    path = draw(engine, tmp_path, "a boat on the sea", output_format=name)
    assert path.suffix == suffix
    with Image.open(path) as image:
        assert image.format == kind


PROMPTS = [
    "a sailboat at sunset", "rainy city street at night with a taxi", "product photo", "a rocket in space",
    "a fox in a forest", "fish underwater",
    "coffee on a table", "abstract waves", "a pattern of apples", "a cat in a room", "portrait of a woman", "a beach",
    "an icon with a star",
    "a lighthouse in a storm", "a village in winter, snowing", "astronaut on the moon", "flowers in a field",
    "a duck on a lake",
]  # fmt: skip


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_same_job_gives_the_same_bytes(engine: SketchEngine, tmp_path: Path, prompt: str) -> None:
    first = draw(engine, tmp_path / "a", prompt).read_bytes()
    again = draw(engine, tmp_path / "b", prompt).read_bytes()
    assert first == again


def test_a_fresh_engine_gives_the_same_bytes_too(engine: SketchEngine, tmp_path: Path) -> None:
    first = draw(engine, tmp_path / "a", "a fox in a forest").read_bytes()
    assert draw(SketchEngine(pixels=SMALL), tmp_path / "b", "a fox in a forest").read_bytes() == first


def test_prompts_and_seeds_make_different_pictures(engine: SketchEngine, tmp_path: Path) -> None:
    made = [
        pixels(draw(engine, tmp_path / str(i), prompt, **params))
        for i, (prompt, params) in enumerate(
            [
                ("a fox in a forest", {}),
                ("a fox in a desert", {}),
                ("a fox in a forest", {"seed": 7}),
                ("a fox in a forest", {"seed": 8}),
            ]
        )
    ]
    for i, one in enumerate(made):
        for other in made[i + 1 :]:
            assert np.abs(one - other).mean() > 2


def test_time_of_day_is_seen(engine: SketchEngine, tmp_path: Path) -> None:
    day, night, sunset = (
        pixels(draw(engine, tmp_path / t, f"mountains at {t}", seed=3)) for t in ("noon", "night", "sunset")
    )
    assert night.mean() < 0.6 * day.mean()
    top = slice(0, 60)
    assert (sunset[top, :, 0] - sunset[top, :, 2]).mean() > (day[top, :, 0] - day[top, :, 2]).mean() + 20


@pytest.mark.parametrize("size", [(160, 160), (256, 112), (112, 256)])
@pytest.mark.parametrize(
    "prompt",
    ["a giraffe and an elephant in the savanna", "six boats on the sea", "a castle in the mountains",
     "three hot air balloons", "eight ducks on a lake",
     "a cake, a gift and a teapot on a table", "a train in the city", "two whales underwater",
     "a rocket and a satellite in space", "huge trophy, product shot"],
)  # fmt: skip
def test_no_subject_is_cut_by_the_frame(prompt: str, size: tuple[int, int]) -> None:
    painting = compose.paint(meaning.read(prompt), *size)
    assert painting.boxes
    for box in painting.boxes:
        assert box.left >= -0.5, box
        assert box.top >= -0.5, box
        assert box.right <= size[0] + 0.5, box
        assert box.bottom <= size[1] + 0.5, box


def test_every_layer_is_a_finite_picture_of_the_frame() -> None:
    for prompt in PROMPTS:
        for layer in compose.paint(meaning.read(prompt), 96, 80).layers:
            assert layer.rgba.shape == (80, 96, 4), layer.name
            assert np.isfinite(layer.rgba).all(), layer.name
            assert 0 <= layer.depth <= 1


def reference(folder: Path, seed: int) -> Reference:
    """A picture of two colours, one above the other."""
    rng = np.random.default_rng(seed)
    top, low = rng.integers(0, 255, 3), rng.integers(0, 255, 3)
    picture = np.zeros((120, 180, 3), np.uint8)
    picture[:60], picture[60:] = top, low
    path = folder / f"reference-{seed}.png"
    Image.fromarray(picture).save(path)
    return Reference("image", path, "image/png")


def test_a_reference_is_what_the_picture_is_made_from(engine: SketchEngine, tmp_path: Path) -> None:
    for seed in (1, 2):
        given = reference(tmp_path, seed)
        source = pixels(given.path)
        made = pixels(draw(engine, tmp_path / str(seed), "make it a painting", (given,), seed=5))
        for part, rows in ((source[10:50], slice(10, 60)), (source[70:110], slice(100, 150))):
            assert np.abs(made[rows].mean(axis=(0, 1)) - part.mean(axis=(0, 1))).max() < 60


def test_a_reference_takes_on_the_prompts_light(engine: SketchEngine, tmp_path: Path) -> None:
    given = reference(tmp_path, 1)
    plain = pixels(draw(engine, tmp_path / "a", "make it a painting", (given,), seed=5))
    night = pixels(draw(engine, tmp_path / "b", "make it night", (given,), seed=5))
    assert night.mean() < 0.75 * plain.mean()


def test_a_broken_reference_names_its_field(engine: SketchEngine, tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"not a picture")
    with pytest.raises(InvalidInput, match=r"params\.referenceMediaItems: the picture cannot be read"):
        draw(engine, tmp_path, "a painting", (Reference("image", path, "image/png"),))


def shapes(folder: Path, size: tuple[int, int] = (300, 200)) -> Reference:
    """A picture with a composition: a dark tower left of the middle before a bright sky, and a low wall."""
    w, h = size
    picture = Image.new("RGB", size, "#9fc8e8")
    picture.paste("#5a7038", (0, int(0.7 * h), w, h))
    picture.paste("#402818", (int(0.25 * w), int(0.15 * h), int(0.4 * w), int(0.8 * h)))
    picture.paste("#d84020", (int(0.7 * w), int(0.55 * h), int(0.9 * w), int(0.75 * h)))
    path = folder / f"shapes-{w}-{h}.png"
    picture.save(path)
    return Reference("image", path, "image/png")


def alike(one: np.ndarray, other: np.ndarray) -> float:
    """How much the brightness of two pictures is distributed alike: 1 is the same, 0 has nothing to do with it."""
    small = [np.asarray(Image.fromarray(p.astype(np.uint8)).convert("L").resize((24, 24)), float) for p in (one, other)]
    return float(np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1])


@pytest.mark.parametrize("prompt", ["make it a painting", "at night", "in heavy snow"])
def test_the_composition_of_a_reference_is_kept(engine: SketchEngine, tmp_path: Path, prompt: str) -> None:
    given = shapes(tmp_path)
    made = pixels(draw(engine, tmp_path / "out", prompt, (given,)))
    assert alike(made, pixels(given.path)) > 0.8
    without = pixels(draw(engine, tmp_path / "without", prompt, aspect_ratio="3:2"))
    assert alike(made, pixels(given.path)) > alike(without, pixels(given.path)) + 0.2


def test_what_the_prompt_names_is_put_into_the_reference(engine: SketchEngine, tmp_path: Path) -> None:
    given = shapes(tmp_path)
    plain = pixels(draw(engine, tmp_path / "a", "make it a painting", (given,), seed=5))
    ducks = pixels(draw(engine, tmp_path / "b", "three ducks", (given,), seed=5))
    changed = np.abs(plain - ducks).max(axis=2) > 60
    assert 0.01 < changed.mean() < 0.5


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (256, 256)])
def test_the_shape_of_a_reference_is_kept(engine: SketchEngine, tmp_path: Path, size: tuple[int, int]) -> None:
    for params in ({}, {"aspect_ratio": "auto"}):
        height, width, _ = pixels(
            draw(engine, tmp_path / "out", "a painting", (shapes(tmp_path, size),), **params)
        ).shape
        assert abs(width / height / (size[0] / size[1]) - 1) < 0.1


def test_another_shape_shows_the_middle_of_a_reference(engine: SketchEngine, tmp_path: Path) -> None:
    given = shapes(tmp_path, (320, 160))
    made = pixels(draw(engine, tmp_path / "out", "a painting", (given,), aspect_ratio="1:1"))
    assert made.shape[0] == made.shape[1]
    assert alike(made, pixels(given.path)[:, 80:240]) > 0.85


def test_a_turned_reference_is_upright(engine: SketchEngine, tmp_path: Path) -> None:
    given = shapes(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = tmp_path / "turned.jpg"
    Image.open(given.path).transpose(Image.Transpose.ROTATE_90).save(turned, exif=exif, quality=95)
    made = pixels(draw(engine, tmp_path / "out", "a painting", (Reference("image", turned, "image/jpeg"),)))
    assert alike(made, pixels(given.path)) > 0.8


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (4000, 2), (2, 4000)])
@pytest.mark.parametrize("ratio", ["auto", "16:9"])
def test_tiny_and_thin_references_are_drawn(
    engine: SketchEngine, tmp_path: Path, size: tuple[int, int], ratio: str
) -> None:
    path = tmp_path / "given.png"
    Image.new("RGB", size, "#c04020").save(path)
    made = pixels(
        draw(engine, tmp_path / "out", "a painting", (Reference("image", path, "image/png"),), aspect_ratio=ratio)
    )
    assert 0.18 < made.shape[1] / made.shape[0] < 5.6
    assert made[..., 0].mean() > made[..., 2].mean() + 60
