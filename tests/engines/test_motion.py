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


def test_seeds_make_different_films(engine: MotionEngine, tmp_path: Path) -> None:
    _, one = film(engine, tmp_path / "a", "a fox in a forest", duration=1, seed=4)
    _, two = film(engine, tmp_path / "b", "a fox in a forest", duration=1, seed=5)
    assert np.abs(one[0].astype(int) - two[0].astype(int)).mean() > 3


def test_a_reference_is_what_moves(engine: MotionEngine, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    y, x = np.mgrid[0:200, 0:300]
    picture = np.stack([x % 256, y % 256, (x * y // 50) % 256], axis=2).astype(np.uint8)
    Image.fromarray(picture).save(path)
    _, frames = film(engine, tmp_path / "out", "slow pan", (Reference("image", path, "image/png"),), duration=1)
    assert np.abs(frames[0].mean(axis=(0, 1)) - picture.mean(axis=(0, 1))).max() < 40
    assert np.abs(frames[0].astype(int) - frames[-1].astype(int)).mean() > 2


@pytest.mark.parametrize(
    ("name", "value"),
    [("duration", "long"), ("duration", 99), ("duration", 0.1), ("aspect_ratio", "1:9"), ("fps", 500)],
)
def test_params_out_of_range_name_their_field(engine: MotionEngine, tmp_path: Path, name: str, value: object) -> None:
    with pytest.raises(InvalidInput, match=name):
        film(engine, tmp_path, "a boat", **{name: value})
