"""What is measured is what is there, whatever a file says of itself."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rivya.files.measure import measure
from rivya.files.media import Media, NotMedia
from tests.files import samples

Measure = Callable[[bytes], Media]
MP4 = samples.video("mp4", seconds=2, sound="aac")
WAV = samples.sound("wav", codec="pcm_s16le", seconds=2)


@pytest.fixture
def measured(tmp_path: Path) -> Measure:
    def measure_content(content: bytes) -> Media:
        (tmp_path / "file").write_bytes(content)
        return measure(tmp_path / "file")

    return measure_content


def test_a_picture_has_its_size(measured: Measure) -> None:
    media = measured(samples.picture("JPEG", (640, 480)))
    assert (media.kind, media.width, media.height, media.duration_s) == ("image", 640, 480, None)


def test_a_video_has_its_size_and_duration(measured: Measure) -> None:
    media = measured(samples.video("mp4", seconds=2))
    assert (media.kind, media.width, media.height, media.duration_s) == ("video", 64, 48, 2.0)


def test_time_stamps_that_lie_do_not_make_a_video_short(measured: Measure) -> None:
    """240 frames that are said to last a tick each are not over in an instant."""
    content = samples.with_frames_at(samples.video("mp4", seconds=10), 1)
    assert measured(content).duration_s == pytest.approx(1.0, abs=0.05)


def test_a_sound_lasts_as_long_as_its_samples_not_as_its_header_says(measured: Measure) -> None:
    honest = measured(WAV).duration_s
    at = WAV.index(b"data") + 4
    for said in (100, 0xFFFFFFFF):
        lying = WAV[:at] + struct.pack("<I", said) + WAV[at + 4 :]
        if said > 100:
            assert measured(lying).duration_s == pytest.approx(honest, abs=0.01)
        else:
            assert measured(lying).duration_s == pytest.approx(25 / 48000, abs=0.01)


def test_sound_that_outlasts_the_pictures_counts(measured: Measure) -> None:
    assert measured(MP4).duration_s == pytest.approx(2.0, abs=0.1)


def test_a_codec_that_nobody_knows_is_refused(measured: Measure) -> None:
    at = WAV.index(b"fmt ") + 8
    with pytest.raises(NotMedia, match="codec"):
        measured(WAV[:at] + b"\xee\xee" + WAV[at + 2 :])


def test_a_cover_picture_does_not_make_a_sound_a_video(measured: Measure) -> None:
    cover = samples.picture("JPEG")
    frame = b"\0image/jpeg\0\x03\0" + cover
    tag = b"APIC" + struct.pack(">I", len(frame)) + b"\0\0" + frame
    size = len(tag)
    head = b"ID3\x03\0\0" + bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127])
    assert measured(head + tag + samples.sound()).kind == "audio"


WHOLE = {"mp4": MP4, "wav": WAV, "jpeg": samples.picture("JPEG", (64, 48)), "mp3": samples.sound()}


@pytest.mark.parametrize("name", WHOLE)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.data())
def test_damage_is_refused_or_measured_but_never_breaks(measured: Measure, name: str, damage: st.DataObject) -> None:
    broken = bytearray(WHOLE[name])
    for _ in range(damage.draw(st.integers(1, 20))):
        at = damage.draw(st.integers(0, len(broken) - 1))
        broken[at] = damage.draw(st.integers(0, 255))
    try:
        media = measured(bytes(broken[: damage.draw(st.integers(1, len(broken)))]))
    except NotMedia:
        return
    assert media.kind in ("image", "video", "audio")
