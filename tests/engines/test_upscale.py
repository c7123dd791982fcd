"""rivya-upscale: what it makes is opened and measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageDraw

pytestmark = pytest.mark.engines
pytest.importorskip("ncnn")

from rivya.engines.base import InvalidInput, Job, Reference  # noqa: E402
from rivya.engines.upscale import Network, UpscaleEngine  # noqa: E402

Make = Callable[..., Image.Image]


@pytest.fixture(scope="module")
def engine() -> UpscaleEngine:
    return UpscaleEngine()


@pytest.fixture
def upscale(engine: UpscaleEngine, tmp_path: Path) -> Make:
    def make(picture: Image.Image, *, suffix: str = "png", saved: dict[str, object] | None = None, **given: str):
        path = tmp_path / f"given.{suffix}"
        picture.save(path, **(saved or {}))
        made = engine.run(job(tmp_path, [Reference("image", path, f"image/{suffix}")], **given), lambda _: None)
        (artifact,) = made
        with Image.open(artifact.path) as opened:
            opened.load()
            assert artifact.mime_type == f"image/{str(opened.format).lower()}"
            return opened

    return make


def job(folder: Path, references: list[Reference], **given: str) -> Job:
    out = folder / "out"
    out.mkdir(exist_ok=True)
    return Job("job", out, params={"scale": "4", "output_format": "png", **given}, references=references)


def drawing(size: int) -> Image.Image:
    """A drawing with sharp edges."""
    large = Image.new("RGB", (1024, 1024), "#e8d8b0")
    draw = ImageDraw.Draw(large)
    draw.ellipse((150, 150, 700, 700), fill="#203060", outline="#000000", width=24)
    draw.polygon([(500, 950), (950, 900), (820, 350)], fill="#c03020")
    draw.line((60, 900, 900, 80), fill="#108040", width=40)
    return large.resize((size, size), Image.Resampling.LANCZOS)


def floats(picture: Image.Image) -> NDArray[np.float64]:
    return np.asarray(picture.convert("RGB"), np.float64)


def edge(picture: Image.Image) -> float:
    """How steep the steepest hundredth of the picture is."""
    grey = floats(picture).mean(axis=2)
    return float(np.quantile(np.hypot(np.diff(grey, axis=0)[:, :-1], np.diff(grey, axis=1)[:-1]), 0.99))


def test_a_picture_becomes_four_times_as_large_and_sharper_than_resampled(upscale: Make) -> None:
    small, true = drawing(64), drawing(256)
    made, resampled = upscale(small), small.resize((256, 256), Image.Resampling.BICUBIC)
    assert made.size == (256, 256)
    assert edge(made) > 1.3 * edge(resampled)
    error = [np.abs(floats(one) - floats(true)).mean() for one in (made, resampled)]
    assert error[0] < error[1]


def test_twice_as_large(upscale: Make) -> None:
    made = upscale(drawing(64).crop((0, 0, 64, 40)), scale="2")
    assert made.size == (128, 80)
    assert np.abs(floats(made) - floats(drawing(128).crop((0, 0, 128, 80)))).mean() < 6


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_every_output_format(upscale: Make, format: str) -> None:
    made = upscale(drawing(48), output_format=format)
    assert (str(made.format).lower(), made.size) == (format, (192, 192))
    assert np.abs(floats(made) - floats(drawing(192))).mean() < 8


def test_transparency_is_kept(upscale: Make) -> None:
    picture = drawing(48)
    picture.putalpha(Image.radial_gradient("L").resize((48, 48)))
    made = upscale(picture)
    wanted = picture.getchannel("A").resize((192, 192), Image.Resampling.BICUBIC)
    assert made.mode == "RGBA"
    assert np.abs(np.asarray(made.getchannel("A"), int) - np.asarray(wanted, int)).max() <= 1


def test_the_colour_of_what_cannot_be_seen_does_not_come_to_light(upscale: Make) -> None:
    """A red disc cut out of black: no dark rim where it is half transparent."""
    cut = Image.new("L", (48, 48))
    ImageDraw.Draw(cut).ellipse((8, 8, 40, 40), fill=255)
    picture = Image.composite(Image.new("RGB", (48, 48), "#e02010"), Image.new("RGB", (48, 48)), cut)
    picture.putalpha(cut)
    made = np.asarray(upscale(picture), int)
    seen = made[made[..., 3] > 20]
    assert np.abs(seen[:, :3] - (0xE0, 0x20, 0x10)).max() < 40


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_every_input_format(upscale: Make, format: str) -> None:
    made = upscale(drawing(48), suffix=format, saved={"quality": 95} if format != "png" else {})
    assert np.abs(floats(made) - floats(drawing(192))).mean() < 8


def test_the_inks_of_print_become_colours(upscale: Make) -> None:
    made = upscale(drawing(48).convert("CMYK"), suffix="jpeg", saved={"quality": 95})
    assert made.mode == "RGB"
    assert np.abs(floats(made) - floats(drawing(192))).mean() < 8


def test_the_colour_space_of_a_picture_stays_its_own(upscale: Make) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert upscale(drawing(16), saved={"icc_profile": profile}).info["icc_profile"] == profile


def test_a_jpeg_of_a_transparent_picture_has_white_below(upscale: Make) -> None:
    made = upscale(Image.new("RGBA", (16, 16), (200, 0, 0, 0)), output_format="jpeg")
    assert floats(made).min() > 250


def test_the_orientation_in_the_file_is_applied(upscale: Make) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    made = upscale(drawing(64).crop((0, 0, 64, 32)), suffix="jpeg", saved={"exif": exif, "quality": 95})
    assert made.size == (128, 256)
    wanted = drawing(256).crop((0, 0, 256, 128)).rotate(-90, expand=True)
    assert np.abs(floats(made) - floats(wanted)).mean() < 8


@pytest.mark.parametrize("mode", ["L", "P", "LA", "1"])
def test_other_kinds_of_picture_are_taken(upscale: Make, mode: str) -> None:
    assert upscale(drawing(24).convert(mode)).size == (96, 96)


def test_a_picture_of_16_bits_keeps_its_tones(upscale: Make) -> None:
    tones = np.tile(np.linspace(0, 65535, 32).astype(np.uint16), (32, 1))
    row = floats(upscale(Image.fromarray(tones)))[64, :, 0]
    assert row[0] < 12
    assert row[-1] > 243
    assert row[64] == pytest.approx(128, abs=12)


def test_one_pixel_is_a_picture(upscale: Make) -> None:
    assert upscale(Image.new("RGB", (1, 1), "red")).size == (4, 4)


@pytest.mark.parametrize("scale", [2, 4])
def test_tiles_leave_no_seams(scale: int) -> None:
    pixels = np.asarray(drawing(150).crop((0, 0, 150, 110)))
    network = Network(scale)
    seen: list[float] = []
    tiled = network.enlarge(pixels, seen.append, tile=40)
    whole = network.enlarge(pixels, lambda _: None, tile=1000)
    assert np.abs(tiled.astype(int) - whole).max() <= 1
    assert seen == sorted(seen)
    assert len(seen) == 12


def test_the_same_picture_gives_the_same_bytes(engine: UpscaleEngine, tmp_path: Path) -> None:
    drawing(40).save(tmp_path / "given.png")
    reference = Reference("image", tmp_path / "given.png", "image/png")
    made = [engine.run(job(tmp_path, [reference]), lambda _: None)[0].path.read_bytes() for _ in range(2)]
    assert made[0] == made[1]


@pytest.mark.parametrize("count", [0, 2])
def test_exactly_one_picture_is_needed(engine: UpscaleEngine, tmp_path: Path, count: int) -> None:
    drawing(16).save(tmp_path / "given.png")
    references = [Reference("image", tmp_path / "given.png", "image/png")] * count
    with pytest.raises(InvalidInput, match=r"params\.referenceMediaItems"):
        engine.run(job(tmp_path, references), lambda _: None)


def test_a_sound_is_no_picture(engine: UpscaleEngine, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"params\.referenceMediaItems"):
        engine.run(job(tmp_path, [Reference("audio", tmp_path / "a.mp3", "audio/mpeg")]), lambda _: None)


def test_a_broken_picture_is_refused(engine: UpscaleEngine, tmp_path: Path) -> None:
    drawing(64).save(tmp_path / "whole.png")
    cut = tmp_path / "cut.png"
    cut.write_bytes((tmp_path / "whole.png").read_bytes()[:-800])
    with pytest.raises(InvalidInput, match="cannot be read"):
        engine.run(job(tmp_path, [Reference("image", cut, "image/png")]), lambda _: None)


def test_a_picture_that_is_too_large_is_told_what_is_accepted(upscale: Make) -> None:
    with pytest.raises(InvalidInput, match="at most 2048 by 2048"):
        upscale(Image.new("RGB", (2049, 10)))
