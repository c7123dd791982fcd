"""Look into a file that somebody uploaded, hard enough to trust what it turns out to be.

Runs only in the probe process (``probing.py``), which the kernel holds to its limits: what is read here is hostile
until shown otherwise. Only the one decoder that fits the first bytes is let near a file, and FFmpeg may open nothing
but that file.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from rivya.files.formats import MATROSKA, MP4, MP4_AUDIO, QUICKTIME, WEBM, Format, sniff
from rivya.files.media import Media, NotMedia
from rivya.files.probe import picture

_MOST_FRAME_PIXELS = 8192 * 4352  # 8K
_MOST_STREAMS = 16
_MOST_FRAMES_A_SECOND = 240
_DECODE_S = 5.0
"""Of processor time. What a file holds beyond that is counted packet by packet, not decoded."""

_MOST_BROKEN = 0.05
# fmt: off
_CODECS = frozenset({
    "av1", "h264", "hevc", "mjpeg", "mpeg4", "prores", "vp8", "vp9",
    "aac", "adpcm_ima_wav", "adpcm_ms", "alac", "flac", "mp2", "mp3", "opus", "vorbis",
    "pcm_alaw", "pcm_f32be", "pcm_f32le", "pcm_f64le", "pcm_mulaw", "pcm_s16be", "pcm_s16le", "pcm_s24be",
    "pcm_s24le", "pcm_s32be", "pcm_s32le", "pcm_u8",
})
# fmt: on


def measure(path: Path) -> Media:
    """Return what an uploaded file is, with its measured size and duration. Raises NotMedia."""
    size = path.stat().st_size
    if size == 0:
        raise NotMedia("an empty file")
    found = sniff(path)
    if found is None:
        raise NotMedia("not a type that is accepted anywhere")
    return picture(path, found) if found.kind == "image" else _stream(path, found, size)


@dataclass
class _Count:
    """What a stream was seen to hold."""

    stream: VideoStream | AudioStream
    packets: int = 0
    decoded_packets: int = 0
    broken: int = 0
    frames: int = 0
    samples: int = 0
    first: int | None = None
    last: int = 0

    def add(self, packet: Packet[Stream], *, decode: bool) -> None:
        if packet.size:
            self.packets += 1
            at = packet.pts if packet.pts is not None else packet.dts
            if at is not None:
                self.first = at if self.first is None else min(self.first, at)
                self.last = max(self.last, at + (packet.duration or 0))
        if decode:
            self._decode(packet)

    @property
    def span_s(self) -> float:
        """The time from the first packet to the end of the last, as the file says."""
        base = self.stream.time_base or Fraction(0)
        return float((self.last - self.first) * base) if self.first is not None else 0.0

    @property
    def sound_s(self) -> float:
        """The time that the samples take to play: counted, and beyond what was decoded in proportion."""
        rate = self.stream.codec_context.sample_rate if isinstance(self.stream, AudioStream) else 0
        if not rate or not self.decoded_packets:
            return 0.0
        return self.samples / rate * self.packets / self.decoded_packets

    def _decode(self, packet: Packet[Stream]) -> None:
        self.decoded_packets += bool(packet.size)
        try:
            frames = packet.decode()
        except FFmpegError:
            self.broken += 1
            return
        self.frames += len(frames)
        self.samples += sum(frame.samples for frame in frames if isinstance(frame, AudioFrame))


def _stream(path: Path, format: Format, size: int) -> Media:
    try:
        with av.open(
            str(path),
            format=format.reader,
            container_options={"protocol_whitelist": "file"},
        ) as container:
            return _media(container, format, size)
    except (FFmpegError, ValueError, OverflowError, ZeroDivisionError) as error:
        raise NotMedia(type(error).__name__) from error


def _media(container: InputContainer, format: Format, size: int) -> Media:
    if len(container.streams) > _MOST_STREAMS:
        raise NotMedia(f"more than {_MOST_STREAMS} streams")
    video = next((one for one in container.streams.video if not one.disposition & Disposition.attached_pic), None)
    sound = next(iter(container.streams.audio), None)
    actual = _actual_format(format, has_video=video is not None, has_sound=sound is not None)
    counts = [_Count(stream) for stream in (video, sound) if stream is not None]
    for count in counts:
        _check_codec(count.stream)
    _read(container, counts)
    for count in counts:
        _check_whole(count, container, format)
    duration_s = round(max(_duration(count) for count in counts), 3)
    if duration_s <= 0:
        raise NotMedia("no duration")
    width, height = (video.codec_context.width, video.codec_context.height) if video is not None else (None, None)
    return Media(actual.kind, actual.mime_type, actual.extension, size, width, height, duration_s)


def _actual_format(format: Format, *, has_video: bool, has_sound: bool) -> Format:
    """Return the format by what is inside: an MP4 without pictures is sound, and sound with pictures is not."""
    if has_video and format.kind == "audio":
        if format == MP4_AUDIO:
            return MP4
        raise NotMedia(f"{format.mime_type} with moving pictures")
    if not has_video and not has_sound:
        raise NotMedia("neither pictures nor sound in it")
    if not has_video and format.kind == "video":
        if format == MP4:
            return MP4_AUDIO
        raise NotMedia(f"{format.mime_type} without pictures")
    return format


def _check_codec(stream: VideoStream | AudioStream) -> None:
    # PyAV has no context for a codec that FFmpeg does not know, whatever its types say.
    context = cast("VideoStream | AudioStream | None", stream.codec_context)
    codec = stream.codec_context.codec.canonical_name if context is not None else "unknown"
    if codec not in _CODECS:
        raise NotMedia(f"the codec {codec}")
    if isinstance(stream, VideoStream) and stream.codec_context.width * stream.codec_context.height > (
        _MOST_FRAME_PIXELS
    ):
        raise NotMedia(f"frames of {stream.codec_context.width} by {stream.codec_context.height} pixels")
    stream.codec_context.thread_type = "NONE"


def _read(container: InputContainer, counts: list[_Count]) -> None:
    of_stream = {count.stream.index: count for count in counts}
    decode_until = time.process_time() + _DECODE_S
    for packet in container.demux([count.stream for count in counts]):
        of_stream[packet.stream.index].add(packet, decode=time.process_time() < decode_until)


def _check_whole(count: _Count, container: InputContainer, format: Format) -> None:
    """Raise NotMedia if a stream does not decode, or ends before what its file says that it holds."""
    if not count.frames or count.broken > 1 + _MOST_BROKEN * count.decoded_packets:
        raise NotMedia(f"{count.broken} of {count.decoded_packets} packets do not decode")
    if count.packets < 0.98 * count.stream.frames - 2:
        raise NotMedia(f"{count.packets} of {count.stream.frames} frames are there")
    if format in (MP4, MP4_AUDIO, QUICKTIME, WEBM, MATROSKA) and isinstance(count.stream, VideoStream):
        said_s = (container.duration or 0) / av.time_base
        if count.span_s < 0.9 * said_s - 1 and not container.streams.audio:
            raise NotMedia(f"{count.span_s:.1f} of {said_s:.1f} seconds are there")


def _duration(count: _Count) -> float:
    if isinstance(count.stream, AudioStream):
        return count.sound_s
    # Time stamps are free to lie: no camera makes more frames a second, so so many frames last at least so long.
    return max(count.span_s, count.packets / _MOST_FRAMES_A_SECOND)
