"""Write a Standard MIDI File (format 1) with the parts of a score."""

from __future__ import annotations

import struct

from rivya.engines.music.score import Part, Score

_TICKS = 480
"""A quarter note's."""
_DRUM_CHANNEL = 9
_VOLUME, _PAN, _REVERB = 7, 10, 91


def midi(score: Score) -> bytes:
    """Return the file: one track for the tempo and one for each part. At most 15 parts beside the drums."""
    conductor = [(0, bytes([0xFF, 0x51, 3]) + round(60_000_000 / score.tempo).to_bytes(3, "big"))]
    tracks = [_track(conductor, score.beats)]
    pitched = iter(channel for channel in range(16) if channel != _DRUM_CHANNEL)
    for part in score.parts:
        channel = _DRUM_CHANNEL if part.drums else next(pitched)
        tracks.append(_track(_events(part, channel), score.beats))
    head = struct.pack(">4sIHHH", b"MThd", 6, 1, len(tracks), _TICKS)
    return head + b"".join(tracks)


def _events(part: Part, channel: int) -> list[tuple[int, bytes]]:
    settings = ((_VOLUME, part.volume), (_PAN, round(64 + 63 * part.pan)), (_REVERB, part.reverb))
    events = [(0, bytes([0xC0 | channel, part.program]))]
    events += [(0, bytes([0xB0 | channel, control, value])) for control, value in settings]
    for note in part.notes:
        start, end = _tick(note.start), _tick(note.start + note.length)
        events.append((start, bytes([0x90 | channel, note.pitch, note.velocity])))
        events.append((max(end, start + 1), bytes([0x80 | channel, note.pitch, 0])))
    # What ends goes before what begins at the same moment, else a repeated note would be cut off.
    return sorted(events, key=lambda event: (event[0], event[1][0] & 0xF0 == 0x90, event[1]))


def _track(events: list[tuple[int, bytes]], beats: float) -> bytes:
    body, now = bytearray(), 0
    for tick, event in [*events, (max([_tick(beats), *(tick for tick, _ in events)]), b"\xff\x2f\x00")]:
        body += _variable(tick - now) + event
        now = tick
    return struct.pack(">4sI", b"MTrk", len(body)) + bytes(body)


def _tick(beats: float) -> int:
    return max(0, round(beats * _TICKS))


def _variable(number: int) -> bytes:
    parts = [number & 0x7F]
    while number := number >> 7:
        parts.append(number & 0x7F | 0x80)
    return bytes(reversed(parts))
