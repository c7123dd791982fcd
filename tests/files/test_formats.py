"""What a file's first bytes say."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rivya.files.formats import (
    AAC,
    FLAC,
    JPEG,
    MATROSKA,
    MP4,
    MP4_AUDIO,
    MPEG_AUDIO,
    OGG,
    PNG,
    QUICKTIME,
    WAV,
    WEBM,
    WEBP,
    Format,
    mime_of,
    sniff,
    sniff_bytes,
)
from tests.files import samples


@pytest.mark.parametrize(
    ("head", "format"),
    [
        (b"\x89PNG\r\n\x1a\n...", PNG),
        (b"\xff\xd8\xff\xe0", JPEG),
        (b"RIFF....WEBPVP8 ", WEBP),
        (b"RIFF....WAVEfmt ", WAV),
        (b"\0\0\0\x18ftypisom", MP4),
        (b"\0\0\0\x18ftypmp42", MP4),
        (b"\0\0\0\x18ftypiso6", MP4),
        (b"\0\0\0\x14ftypqt  ", QUICKTIME),
        (b"\0\0\0\x08wide", QUICKTIME),
        (b"\0\0\0\x18ftypM4A ", MP4_AUDIO),
        (b"\x1aE\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", WEBM),
        (b"\x1aE\xdf\xa3\xa3\x42\x86\x81\x01\x42\x82\x88matroska", MATROSKA),
        (b"OggS", OGG),
        (b"fLaC", FLAC),
        (b"\xff\xfb\x90", MPEG_AUDIO),
        (b"\xff\xfa\x90", MPEG_AUDIO),
        (b"\xff\xe3\x90", MPEG_AUDIO),
        (b"\xff\xf1\x50", AAC),
        (b"\xff\xf9\x50", AAC),
        (b"", None),
        (b"\xff", None),
        (b"\xff\xff\xff\xff", None),
        (b"GIF89a", None),
        (b"BM", None),
        (b"RIFF....AVI LIST", None),
        (b"\0\0\0\x18ftypheic", None),
        (b"\0\0\0\x18ftypavif", None),
        (b"\x1aE\xdf\xa3\xa3\x42\x82\x87unknown", None),
        (b"PK\x03\x04", None),
        (b"<svg", None),
        (b"#EXTM3U", None),
    ],
)
def test_the_first_bytes_tell_the_format(head: bytes, format: Format | None) -> None:
    assert sniff_bytes(head) == format


def test_behind_a_tag_is_what_the_tag_stands_before(tmp_path: Path) -> None:
    tag = b"ID3\x04\0\0\0\0\x01\x00" + bytes(128)
    for content, format in ((samples.sound(), MPEG_AUDIO), (samples.sound("adts", codec="aac"), AAC)):
        (tmp_path / "file").write_bytes(tag + content)
        assert sniff(tmp_path / "file") in (format, MPEG_AUDIO)
    assert sniff(tmp_path / "file") == AAC


@given(st.binary(max_size=100))
def test_no_bytes_break_it(head: bytes) -> None:
    sniff_bytes(head)


@pytest.mark.parametrize(
    ("key", "mime_type"),
    [
        ("results/a/b/1-0.png", "image/png"),
        ("files/a/b.m4a", "audio/mp4"),
        ("x", "application/octet-stream"),
        ("files/a/b.html", "application/octet-stream"),
    ],
)
def test_an_object_is_served_as_what_it_was_stored_as(key: str, mime_type: str) -> None:
    assert mime_of(key) == mime_type
