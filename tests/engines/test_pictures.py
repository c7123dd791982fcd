"""Reference pictures as an engine gets them: upright, eight bits, in sRGB, whatever the file was."""

from __future__ import annotations

import io
import random
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytestmark = pytest.mark.engines
pytest.importorskip("cv2")

from PIL import Image, ImageCms  # noqa: E402

from rivya.engines import pictures  # noqa: E402
from rivya.engines.base import InvalidInput, Reference  # noqa: E402

FIELD = r"params\.referenceMediaItems"
CORNERS = {"red": (0, 0), "lime": (0, 1), "blue": (1, 1), "white": (1, 0)}
"""Where the four quarters of the picture are: row, column."""


def quarters(width: int = 120, height: int = 80) -> Image.Image:
    picture = Image.new("RGB", (width, height))
    for colour, (row, column) in CORNERS.items():
        place = (column * width // 2, row * height // 2)
        picture.paste(Image.new("RGB", (width // 2, height // 2), colour), place)
    return picture


def saved(folder: Path, picture: Image.Image, format: str = "PNG", **more: object) -> Reference:
    path = folder / f"given.{format.lower()}"
    picture.save(path, format, **more)
    return Reference("image", path, f"image/{format.lower()}")


def pixels(picture: Image.Image) -> NDArray[np.int_]:
    return np.asarray(picture.convert("RGB"), int)


def far(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures of one size are from each other, on the average."""
    assert one.size == other.size
    return float(np.abs(pixels(one) - pixels(other)).mean())


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "turned_by"),
    [
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
        (3, Image.Transpose.ROTATE_180),
        (4, Image.Transpose.FLIP_TOP_BOTTOM),
        (5, Image.Transpose.TRANSPOSE),
        (6, Image.Transpose.ROTATE_90),
        (7, Image.Transpose.TRANSVERSE),
        (8, Image.Transpose.ROTATE_270),
    ],
)
def test_a_picture_is_upright(tmp_path: Path, format: str, orientation: int, turned_by: Image.Transpose) -> None:
    """The camera stored it turned and said so (EXIF 2.32, 4.6.4); what is seen is the picture before that."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    given = saved(tmp_path, quarters().transpose(turned_by), format, exif=exif)
    assert far(pictures.shrunk(given, side=200), quarters()) < 4
    assert far(pictures.whole(given, most_side=200), quarters()) < 4


@pytest.mark.parametrize(
    ("mode", "format"),
    [("L", "PNG"), ("1", "PNG"), ("P", "PNG"), ("LA", "PNG"), ("RGBA", "WEBP"), ("CMYK", "JPEG"), ("L", "JPEG")],
)
def test_any_kind_of_picture_looks_as_it_did(tmp_path: Path, mode: str, format: str) -> None:
    picture = quarters().convert(mode)
    given = saved(tmp_path, picture, format)
    for read in (pictures.shrunk(given, side=200), pictures.whole(given, most_side=200)):
        assert read.mode in ("RGB", "RGBA")
        assert far(read, picture.convert("RGB")) < 4


def test_sixteen_bits_keep_their_tones(tmp_path: Path) -> None:
    tones = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (8, 1))
    row = pixels(pictures.shrunk(saved(tmp_path, Image.fromarray(tones)), side=64))[4, :, 0]
    assert np.abs(row - np.linspace(0, 255, 64)).max() < 2


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_shines_through_is_white(tmp_path: Path, mode: str) -> None:
    picture = Image.new("RGBA", (64, 32), (0, 0, 0, 0))
    picture.paste((10, 10, 10, 255), (0, 0, 32, 32))
    given = saved(tmp_path, picture.quantize(8) if mode == "P" else picture.convert(mode))
    read = pixels(pictures.shrunk(given, side=64))
    assert read[:, :30].max() < 20
    assert read[:, 34:].min() > 250


def test_colours_of_another_space_become_those_of_srgb(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    turned = bytearray(srgb.tobytes())
    # The same profile with the red and the blue primaries the other way round: a colour space of its own.
    swap = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}
    for number in range(int.from_bytes(turned[128:132], "big")):
        at = 132 + 12 * number
        turned[at : at + 4] = swap.get(bytes(turned[at : at + 4]), bytes(turned[at : at + 4]))
    orange = Image.new("RGB", (16, 16), (240, 120, 20))
    plain = saved(tmp_path, orange, icc_profile=srgb.tobytes())
    assert far(pictures.shrunk(plain, side=16), orange) < 2
    other = saved(tmp_path, orange, icc_profile=bytes(turned))
    assert far(pictures.shrunk(other, side=16), Image.new("RGB", (16, 16), (20, 120, 240))) < 6
    assert pictures.whole(other, most_side=16).info["icc_profile"] == bytes(turned)
    for wrong in (lab.tobytes(), b"not a profile"):
        assert far(pictures.shrunk(saved(tmp_path, orange, icc_profile=wrong), side=16), orange) < 2


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (3000, 1), (1, 3000)])
def test_tiny_and_thin_pictures_are_pictures(tmp_path: Path, size: tuple[int, int]) -> None:
    read = pictures.shrunk(saved(tmp_path, Image.new("RGB", size, "red")), side=512)
    assert read.size == (min(size[0], 512), min(size[1], 512))
    assert (pixels(read) == (255, 0, 0)).all()


def test_a_huge_picture_is_told_what_is_accepted(tmp_path: Path) -> None:
    given = saved(tmp_path, Image.new("1", (20_000, 5_001)))
    with pytest.raises(InvalidInput, match=rf"{FIELD}.*100,000,000 pixels"):
        pictures.shrunk(given, side=64)


def test_a_file_of_another_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "given.png"
    quarters().save(path, "TIFF")
    with pytest.raises(InvalidInput, match="cannot be read"):
        pictures.shrunk(Reference("image", path, "image/png"), side=64)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_damage_is_refused_and_never_a_fault_of_ours(tmp_path: Path, format: str) -> None:
    content = io.BytesIO()
    Image.effect_noise((60, 40), 80).convert("RGB").save(content, format)
    whole, chance = content.getvalue(), random.Random(1)
    given = Reference("image", tmp_path / "given", "image/png")
    refused: list[str] = []
    for _ in range(120):
        damaged = bytearray(whole[: chance.randrange(len(whole))] if chance.random() < 0.4 else whole)
        for _ in range(chance.randrange(6)):
            if damaged:
                damaged[chance.randrange(min(len(damaged), 300))] = chance.randrange(256)
        given.path.write_bytes(damaged)
        for read in (lambda: pictures.shrunk(given, side=64), lambda: pictures.whole(given, most_side=2048)):
            try:
                assert read().mode in ("RGB", "RGBA")
            except InvalidInput as error:
                refused.append(str(error))
    assert len(refused) > 60
    assert all(message.startswith("params.referenceMediaItems: the picture ") for message in refused)
