"""rivya-motion as its host sees it: a job in, a film out that really moves."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.engines

pytest.importorskip("onnxruntime")

import av  # noqa: E402
from PIL import Image  # noqa: E402

from rivya.engines.base import InvalidInput, Job, Reference  # noqa: E402
from rivya.engines.motion import MotionEngine  # noqa: E402
from rivya.engines.motion.encode import write_mp4  # noqa: E402


@pytest.fixture(scope="module")
def engine() -> MotionEngine:
    return MotionEngine(short_side=128)


def film(
    engine: MotionEngine, folder: Path, prompt: str, references: tuple[Reference, ...] = (), **params: object
) -> tuple[Any, list[np.ndarray]]:
    seen: list[int] = []
    folder.mkdir(parents=True, exist_ok=True)
    (artifact,) = engine.run(Job("job", folder, prompt, params, references), seen.append)
    assert artifact.mime_type == "video/mp4"
    assert seen == sorted(seen)
    assert seen[-1] == 100
    with av.open(str(artifact.path)) as container:
        stream = container.streams.video[0]
        facts = {
            "codec": stream.codec_context.name, "pix_fmt": stream.codec_context.pix_fmt,
            "rate": float(stream.average_rate or 0),
            "seconds": float((stream.duration or 0) * stream.time_base), "bytes": artifact.path.read_bytes(),
        }  # fmt: skip
        return facts, [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]


def test_duration_rate_size_and_codec(engine: MotionEngine, tmp_path: Path) -> None:
    facts, frames = film(engine, tmp_path, "a sailboat on the sea", duration="2", aspect_ratio="16:9")
    assert (facts["codec"], facts["pix_fmt"], facts["rate"]) == ("h264", "yuv420p", 24.0)
    assert len(frames) == 48
    assert abs(facts["seconds"] - 2) < 0.05
    assert frames[0].shape == (128, 224, 3)


def test_the_index_comes_first_so_that_it_plays_while_loading(engine: MotionEngine, tmp_path: Path) -> None:
    facts, _ = film(engine, tmp_path, "a boat", duration=1)
    assert facts["bytes"].index(b"moov") < facts["bytes"].index(b"mdat")


@pytest.mark.parametrize(
    "prompt",
    [
        "a sailboat on the sea",
        "rainy street at night with a taxi",
        "snowing forest",
        "a rocket in space",
        "abstract waves",
        "product photo",
    ],
)
def test_frames_differ_smoothly(engine: MotionEngine, tmp_path: Path, prompt: str) -> None:
    _, frames = film(engine, tmp_path, prompt, duration=1)
    far = np.abs(frames[0].astype(int) - frames[-1].astype(int)).mean()
    steps = [np.abs(a.astype(int) - b.astype(int)).mean() for a, b in itertools.pairwise(frames)]
    assert far > 1.0
    assert max(steps) < 25
    assert all(frame.mean() > 4 for frame in frames)


def test_the_same_job_gives_the_same_film(engine: MotionEngine, tmp_path: Path) -> None:
    first, frames = film(engine, tmp_path / "a", "a fox in a forest", duration=1, seed=4)
    again, same = film(engine, tmp_path / "b", "a fox in a forest", duration=1, seed=4)
    for i in (0, 7, 23):
        assert np.array_equal(frames[i], same[i])
    assert first["bytes"] == again["bytes"]


def test_the_same_frames_give_the_same_bytes_whatever_was_in_memory_before(tmp_path: Path) -> None:
    y, x = np.mgrid[0:128, 0:192]
    frames = [
        np.stack([128 + 100 * np.sin((x + i) / 17), 128 + 100 * np.cos((y + i) / 23), (x + y) / 2], axis=2)
        for i in range(24)
    ]
    made: set[bytes] = set()
    for _ in range(12):
        write_mp4(tmp_path / "film.mp4", (frame.astype(np.uint8) for frame in frames), 192, 128, 24)
        made.add((tmp_path / "film.mp4").read_bytes())
    assert len(made) == 1


def test_seeds_make_different_films(engine: MotionEngine, tmp_path: Path) -> None:
    _, one = film(engine, tmp_path / "a", "a fox in a forest", duration=1, seed=4)
    _, two = film(engine, tmp_path / "b", "a fox in a forest", duration=1, seed=5)
    assert np.abs(one[0].astype(int) - two[0].astype(int)).mean() > 3


def waves(folder: Path, size: tuple[int, int] = (300, 200)) -> Reference:
    """A soft picture, so that a film of it is not blurred by its codec."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    channels = [128 + 100 * np.sin(x / 17), 128 + 100 * np.cos(y / 23 + x / 40), 128 + 90 * np.sin((x + y) / 31)]
    path = folder / f"picture-{size[0]}-{size[1]}.png"
    Image.fromarray(np.stack(channels, axis=2).astype(np.uint8)).save(path)
    return Reference("image", path, "image/png")


def as_seen(given: Reference, frame: np.ndarray, box: tuple[int, int, int, int] | None = None) -> np.ndarray:
    """The picture, or a part of it, at the size of a frame."""
    with Image.open(given.path) as picture:
        return np.asarray(picture.convert("RGB").resize(frame.shape[1::-1], box=box), int)


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (240, 240), (480, 192)])
def test_a_film_begins_with_its_reference_in_its_shape(
    engine: MotionEngine, tmp_path: Path, size: tuple[int, int]
) -> None:
    given = waves(tmp_path, size)
    _, frames = film(engine, tmp_path / "out", "slow push in", (given,), duration=1)
    height, width, _ = frames[0].shape
    assert abs(width / height / (size[0] / size[1]) - 1) < 0.08
    assert np.abs(frames[0] - as_seen(given, frames[0])).mean() < 8


def test_the_camera_moves_into_a_reference(engine: MotionEngine, tmp_path: Path) -> None:
    given = waves(tmp_path)
    _, frames = film(engine, tmp_path / "out", "slow push in", (given,), duration=1)
    steps = [np.abs(frame - as_seen(given, frame)).mean() for frame in frames]
    assert steps[-1] > steps[0] + 10
    assert np.abs(frames[-1] - as_seen(given, frames[-1], (25, 15, 275, 180))).mean() < 0.6 * steps[-1]
    jumps = [np.abs(a.astype(int) - b.astype(int)).mean() for a, b in itertools.pairwise(frames)]
    assert max(jumps) < 15


def test_another_shape_shows_the_middle_of_a_reference(engine: MotionEngine, tmp_path: Path) -> None:
    given = waves(tmp_path)
    _, frames = film(engine, tmp_path / "out", "slow push in", (given,), duration=1, aspect_ratio="1:1")
    assert frames[0].shape == (128, 128, 3)
    assert np.abs(frames[0] - as_seen(given, frames[0], (50, 0, 250, 200))).mean() < 8


def test_snow_falls_over_a_reference(engine: MotionEngine, tmp_path: Path) -> None:
    given = waves(tmp_path)
    _, plain = film(engine, tmp_path / "a", "slow push in", (given,), duration=1, seed=3)
    _, snow = film(engine, tmp_path / "b", "it is snowing", (given,), duration=1, seed=3)
    assert all(np.abs(a.astype(int) - b.astype(int)).max() > 60 for a, b in zip(plain, snow, strict=True))
    assert np.abs(plain[0].astype(int) - snow[0]).mean() < 10


def test_a_turned_reference_is_upright(engine: MotionEngine, tmp_path: Path) -> None:
    given = waves(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 8
    turned = tmp_path / "turned.jpg"
    Image.open(given.path).transpose(Image.Transpose.ROTATE_270).save(turned, exif=exif, quality=95)
    _, frames = film(engine, tmp_path / "out", "pan", (Reference("image", turned, "image/jpeg"),), duration=1)
    assert np.abs(frames[0] - as_seen(given, frames[0])).mean() < 8


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (4000, 2), (2, 4000)])
def test_tiny_and_thin_references_are_filmed(engine: MotionEngine, tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "given.png"
    Image.new("RGB", size, "#c04020").save(path)
    _, frames = film(engine, tmp_path / "out", "pan", (Reference("image", path, "image/png"),), duration=1)
    assert 0.28 < frames[0].shape[1] / frames[0].shape[0] < 3.3
    assert all(np.abs(frame.mean(axis=(0, 1)) - (0xC0, 0x40, 0x20)).max() < 8 for frame in frames)


def test_a_broken_reference_names_its_field(engine: MotionEngine, tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(waves(tmp_path).path.read_bytes()[:-2000])
    with pytest.raises(InvalidInput, match=r"params\.referenceMediaItems: the picture cannot be read"):
        film(engine, tmp_path / "out", "pan", (Reference("image", path, "image/png"),), duration=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [("duration", "long"), ("duration", 99), ("duration", 0.1), ("aspect_ratio", "1:9"), ("fps", 500)],
)
def test_params_out_of_range_name_their_field(engine: MotionEngine, tmp_path: Path, name: str, value: object) -> None:
    with pytest.raises(InvalidInput, match=name):
        film(engine, tmp_path, "a boat", **{name: value})
