"""Files that are not what they say, are two things at once, end early, or are far larger inside."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from functools import cache, partial

from tests.api.hostile import crafted
from tests.api.hostile.case import Case, Target, accepted, refused
from tests.files import samples
from tests.files.forms import upload
from tests.running import Answer

MEBIBYTE = 1024 * 1024
SCRIPT = b"<script>alert(1)</script>"
Make = Callable[[], bytes]


@cache
def sample(name: str) -> bytes:
    return SAMPLES[name]()


SAMPLES: dict[str, Make] = {
    "png": partial(samples.noise, 32),
    "jpeg": partial(samples.picture, "JPEG", (640, 480)),
    "webp": partial(samples.picture, "WEBP", (640, 480)),
    "mp4": partial(samples.video, "mp4", seconds=4),
    "faststart": partial(samples.video, "mp4", seconds=4, options={"movflags": "faststart"}),
    "mov": partial(samples.video, "mov", seconds=4),
    "webm": partial(samples.video, "webm", codec="libvpx", seconds=4),
    "m4a": partial(samples.sound, "ipod", codec="aac", seconds=2),
    "mp3": partial(samples.sound, "mp3", seconds=2),
    "ogg": partial(samples.sound, "ogg", codec="libopus", seconds=2),
    "wav": partial(samples.sound, "wav", codec="pcm_s16le", seconds=2),
    "aac": partial(samples.sound, "adts", codec="aac", seconds=2),
}


def sent(make: Make, kind: str) -> Callable[[Target], Answer]:
    """Return the call that uploads a file under a name and a type that lie."""
    return lambda target: upload(target.client, make(), kind=kind, name="a.png", declared="image/png")


def rejected(name: str, make: Make, kind: str = "image") -> Case:
    return refused(f"{name} as {kind}", sent(make, kind), "file", status=415, code="file_type_rejected")


def taken(name: str, make: Make, kind: str, mime_type: str) -> Case:
    return accepted(f"{name} as {kind}", sent(make, kind), 201, kind=kind, mime_type=mime_type)


def cut(name: str, part: float) -> Make:
    return lambda: sample(name)[: int(len(sample(name)) * part)]


def constant(content: bytes) -> Make:
    return lambda: content


def other_types() -> Iterator[Case]:
    files = {
        "nothing": b"",
        "one byte": b"\x89",
        "a megabyte of zeros": bytes(MEBIBYTE),
        "a megabyte of ones": b"\xff" * MEBIBYTE,
        "html": b"<!doctype html>" + SCRIPT,
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>",
        "svg with an entity": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><svg>&b;</svg>",
        "javascript": b"alert(1)//" + bytes(100),
        "a shell script": b"#!/bin/sh\nid\n",
        "a program": b"\x7fELF\x02\x01\x01" + bytes(500),
        "php": b"<?php system($_GET['a']); ?>",
        "pdf": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript>>>>endobj\n%%EOF",
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (r) file\n",
        "an ImageMagick script": b"push graphic-context\nfill 'url(https://127.0.0.1/|id)'\npop graphic-context\n",
        "a playlist of local files": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        "a playlist of what is inside": b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nhttp://169.254.169.254/\n",
        "a list of files to join": b"ffconcat version 1.0\nfile /etc/passwd\n",
        "a DASH manifest": b"<?xml version='1.0'?><MPD><Period><BaseURL>http://127.0.0.1/</BaseURL></Period></MPD>",
        "a description of a session": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 1 RTP/AVP 96\n",
        "a zip": crafted.zipped(("a.png", b"x")),
        "a gzip": gzip.compress(b"x"),
        "heic": b"\x00\x00\x00\x18ftypheic\0\0\0\0mif1heic",
        "a webp of nothing": b"RIFF\xff\xff\xff\xffWEBPVP8X" + bytes(40),
        "a wav of nothing": b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff" + bytes(40),
        "an ogg of nothing": b"OggS" + bytes(500),
        "an mp3 of nothing": b"\xff\xfb\x90\x00" + bytes(5000),
        "a tag without end": b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(100),
        "a webm of nothing": b"\x1aE\xdf\xa3\x9f\x42\x82\x84webm" + b"\xff" * 500,
        "a flac": b"fLaC" + bytes(500),
    }
    for name, content in files.items():
        for kind in ("image", "video", "audio"):
            yield rejected(name, constant(content), kind)
    for format in ("GIF", "BMP", "TIFF", "ICO", "PPM", "TGA", "PCX", "SGI", "JPEG2000", "PDF", "EPS", "DDS"):
        yield rejected(format.lower(), partial(samples.picture, format, (32, 32)))
    yield rejected("matroska", partial(samples.video, "matroska"), "video")
    yield rejected("avi", partial(samples.video, "avi", codec="mpeg4"), "video")
    yield rejected("flac", partial(samples.sound, "flac", codec="flac"), "audio")


def other_kinds() -> Iterator[Case]:
    kinds = {
        "png": "image",
        "jpeg": "image",
        "webp": "image",
        "mp4": "video",
        "mov": "video",
        "webm": "video",
        "mp3": "audio",
        "wav": "audio",
        "ogg": "audio",
        "m4a": "audio",
        "aac": "audio",
    }
    for name, own in kinds.items():
        for kind in sorted({"image", "video", "audio"} - {own}):
            yield rejected(name, partial(sample, name), kind)
    yield rejected("an mp4 without pictures", partial(samples.sound, "mp4", codec="aac"), "video")


def polyglots() -> Iterator[Case]:
    picture = samples.picture()
    yield rejected("gif that is javascript", constant(b"GIF89a/*" + samples.picture("GIF")[8:] + b"*/=1;alert(1)"))
    yield rejected("pdf before a jpeg", lambda: b"%PDF-1.7\n" + sample("jpeg"))
    yield rejected("html before a picture", constant(b"<html>" + picture))
    yield rejected("a zip before a picture", constant(crafted.zipped(("a", b"x")) + picture))
    yield rejected("a line before a picture", constant(b"\r\n" + picture))
    yield rejected("a picture's signature before html", constant(crafted.SIGNATURE + SCRIPT))
    yield rejected("a jpeg's signature before javascript", constant(b"\xff\xd8\xff/*" + SCRIPT))
    yield rejected(
        "an mp4's signature before html", constant(crafted.box(b"ftyp", b"isom\0\0\2\0isom") + SCRIPT), "video"
    )
    yield taken(
        "png with a zip behind it", constant(picture + crafted.zipped(("a.html", SCRIPT))), "image", "image/png"
    )
    yield taken("png with html behind it", constant(picture + SCRIPT), "image", "image/png")
    yield taken(
        "png with html in a text", constant(crafted.with_block(b"tEXt", b"Comment\0" + SCRIPT)), "image", "image/png"
    )
    yield taken(
        "jpeg with a pdf in a comment",
        constant(crafted.jpeg_saying(b"%PDF-1.7\n1 0 obj<<>>endobj")),
        "image",
        "image/jpeg",
    )
    yield taken(
        "jpeg with php in a comment", constant(crafted.jpeg_saying(b"<?php system('id'); ?>")), "image", "image/jpeg"
    )
    yield taken(
        "mp4 with html in a free box", lambda: sample("mp4") + crafted.box(b"free", SCRIPT), "video", "video/mp4"
    )
    yield taken(
        "mp3 with a page in its tag", lambda: b"ID3\x03\0\0\0\0\0\x19" + SCRIPT + sample("mp3"), "audio", "audio/mpeg"
    )


def bombs() -> Iterator[Case]:
    for width, height in (
        (50_000, 50_000),
        (10_001, 10_000),
        (0x7FFFFFFF, 1),
        (1, 0x7FFFFFFF),
        (0xFFFFFFFF, 0xFFFFFFFF),
        (0, 0),
        (1, 0),
    ):
        yield rejected(f"png that claims {width} by {height}", partial(samples.png_that_claims, width, height))
    yield rejected("png of 2500 megapixels that are there", lambda: crafted.inflating(50_000, 50_000, bits=1, colour=0))
    yield taken(
        "png of 100 megapixels in 40 KB",
        lambda: crafted.inflating(10_000, 10_000, bits=1, colour=0),
        "image",
        "image/png",
    )
    yield taken(
        "png with 500 MB behind its rows",
        lambda: crafted.png(crafted.header(8, 6), crafted.block(b"IDAT", crafted.zeros(500 * MEBIBYTE))),
        "image",
        "image/png",
    )
    yield rejected(
        "png with a text of 200 MB", lambda: crafted.with_block(b"zTXt", b"a\0\0" + crafted.zeros(200 * MEBIBYTE))
    )
    yield rejected(
        "png with a profile of 200 MB", lambda: crafted.with_block(b"iCCP", b"a\0\0" + crafted.zeros(200 * MEBIBYTE))
    )
    yield taken("moving png that claims 2 billion frames", lambda: crafted.moving(0x7FFFFFFF), "image", "image/png")
    yield rejected(
        "png with an endless chunk",
        constant(crafted.SIGNATURE + crafted.header(8, 6) + b"\x7f\xff\xff\xffIDAT" + bytes(1000)),
    )
    yield rejected("png with a wrong checksum", constant(samples.picture()[:29] + b"\0\0\0\0" + samples.picture()[33:]))
    yield rejected("png without rows", constant(crafted.png(crafted.header(8, 6))))
    yield rejected("jpeg that claims 65,500 by 65,500", partial(crafted.jpeg_that_claims, 65_500, 65_500))
    yield rejected("zip of 256 MB", lambda: crafted.zipped(*((f"{n}", bytes(64 * MEBIBYTE)) for n in range(4))))
    yield rejected("gzip of 100 MB", lambda: gzip.compress(bytes(100 * MEBIBYTE)), "video")
    yield rejected("mp4 of 10,000 tracks", lambda: crafted.with_tracks(samples.video("mp4"), 10_000), "video")
    yield rejected(
        "m4a of 10,000 tracks", lambda: crafted.with_tracks(samples.sound("ipod", codec="aac"), 10_000), "audio"
    )
    yield rejected("mp4 of 17 tracks", lambda: crafted.with_tracks(samples.video("mp4"), 17), "video")
    yield rejected("mp4 of boxes 100,000 deep", lambda: crafted.nested_boxes(100_000), "video")
    yield rejected("mp4 with a hole", lambda: sample("mp4")[:64] + bytes(4000) + sample("mp4")[4064:], "video")


def ends() -> Iterator[Case]:
    for name, kind in {
        "png": "image",
        "jpeg": "image",
        "webp": "image",
        "mp4": "video",
        "faststart": "video",
        "mov": "video",
        "webm": "video",
        "m4a": "audio",
    }.items():
        for part in (0.05, 0.3, 0.6):
            yield rejected(f"{part:.0%} of a {name}", cut(name, part), kind)
    yield rejected("png without its last bytes", lambda: sample("png")[:-40])
    yield rejected("mov without its last bytes", lambda: sample("mov")[:-40], "video")
    for name, mime_type in {"mp3": "audio/mpeg", "ogg": "audio/ogg", "wav": "audio/wav", "aac": "audio/aac"}.items():
        yield taken(f"half a {name}, which plays to its end", cut(name, 0.5), "audio", mime_type)


def lies() -> Iterator[Case]:
    for name, header in {
        "no rate": {"rate": 0}, "no channels": {"channels": 0}, "65,535 channels": {"channels": 65_535}, "no bits": {"bits": 0},
        "4 billion samples a second": {"rate": 0xFFFFFFFF}, "no samples": {"samples_bytes": 0},
    }.items():  # fmt: skip
        yield rejected(f"wav of {name}", partial(crafted.wav, **header), "audio")
    yield accepted(
        "wav that says it is endless",
        sent(partial(crafted.wav, samples_bytes=192_000, says=0xFFFFFFFF), "audio"),
        201,
        duration_seconds=1.0,
    )
    for said in (0, 1, 0x7FFFFFFF):
        yield accepted(
            f"mp4 that says it lasts {said} ms",
            sent(lambda said=said: crafted.with_duration(samples.video("mp4", seconds=2, sound="aac"), said), "video"),
            201,
            kind="video",
        )


CASES = [*other_types(), *other_kinds(), *polyglots(), *bombs(), *ends(), *lies()]
