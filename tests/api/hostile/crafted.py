"""Media that lie, bloat or pretend, made on the spot."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable

from PIL import Image

from tests.files import samples

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def block(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def header(width: int, height: int, *, bits: int = 8, colour: int = 2) -> bytes:
    return block(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))


def png(*blocks: bytes) -> bytes:
    return SIGNATURE + b"".join(blocks) + block(b"IEND", b"")


def zeros(count: int) -> bytes:
    """Return so many zeros, compressed, without ever holding them."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(min(1 << 20, count - at))) for at in range(0, count, 1 << 20)]
    return b"".join(parts) + packer.flush()


def inflating(width: int, height: int, *, bits: int = 8, colour: int = 2) -> bytes:
    """Return a whole picture of one colour: about a thousandth of its size once it is decoded."""
    samples_a_pixel = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = (width * samples_a_pixel * bits + 7) // 8
    return png(header(width, height, bits=bits, colour=colour), block(b"IDAT", zeros((row + 1) * height)))


def with_block(kind: bytes, content: bytes) -> bytes:
    """Return a small picture with one more chunk behind its header."""
    whole = samples.picture()
    return whole[:33] + block(kind, content) + whole[33:]


def moving(frames: int) -> bytes:
    """Return an APNG of three frames that says it has so many."""
    content = io.BytesIO()
    pictures = [Image.new("RGB", (8, 6), colour) for colour in ("red", "green", "blue")]
    pictures[0].save(content, "PNG", save_all=True, append_images=pictures[1:])
    whole = content.getvalue()
    at = whole.index(b"acTL") - 4
    return whole[:at] + block(b"acTL", struct.pack(">II", frames, 0)) + whole[at + 20 :]


def jpeg_that_claims(width: int, height: int) -> bytes:
    whole = samples.picture("JPEG", (64, 48))
    at = whole.index(b"\xff\xc0") + 5
    return whole[:at] + struct.pack(">HH", height, width) + whole[at + 4 :]


def jpeg_saying(comment: bytes) -> bytes:
    """Return a JPEG with a comment, as early as it may stand."""
    whole = samples.picture("JPEG")
    return whole[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + whole[2:]


def zipped(*files: tuple[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inner in files:
            archive.writestr(name, inner)
    return content.getvalue()


def box(kind: bytes, content: bytes) -> bytes:
    """Return a box of an MP4."""
    return struct.pack(">I", len(content) + 8) + kind + content


def with_tracks(mp4: bytes, count: int) -> bytes:
    """Return an MP4 whose index lists its first track so many times."""
    moov = mp4.index(b"moov") - 4
    end = moov + struct.unpack_from(">I", mp4, moov)[0]
    trak = mp4.index(b"trak", moov) - 4
    after = trak + struct.unpack_from(">I", mp4, trak)[0]
    inner = mp4[moov + 8 : trak] + mp4[trak:after] * count + mp4[after:end]
    return mp4[:moov] + box(b"moov", inner) + mp4[end:]


def nested_boxes(depth: int) -> bytes:
    content = b""
    for _ in range(depth):
        content = box(b"moov", content)
    return box(b"ftyp", b"isom\0\0\2\0isommp41") + content


def wav(
    *, rate: int = 48000, channels: int = 2, bits: int = 16, samples_bytes: int = 96_000, says: int | None = None
) -> bytes:
    """Return silence with any header."""
    align = max(1, channels * bits // 8) & 0xFFFF
    head = struct.pack("<HHIIHH", 1, channels, rate, (rate * align) & 0xFFFFFFFF, align, bits)
    chunks = (
        b"fmt "
        + struct.pack("<I", len(head))
        + head
        + b"data"
        + struct.pack("<I", samples_bytes if says is None else says)
    )
    return b"RIFF" + struct.pack("<I", 36 + samples_bytes) + b"WAVE" + chunks + bytes(samples_bytes)


def with_duration(mp4: bytes, ticks: int) -> bytes:
    """Return an MP4 whose movie header says that it lasts so many ticks, a thousand of them a second."""
    at = mp4.index(b"mvhd") + 4 + 4 + 8 + 4
    return mp4[:at] + struct.pack(">I", ticks) + mp4[at + 4 :]


def cuts(content: bytes, parts: Iterable[float]) -> dict[str, bytes]:
    """Return what is left when only these parts of it are there."""
    return {f"{part:.0%}": content[: int(len(content) * part)] for part in parts}
