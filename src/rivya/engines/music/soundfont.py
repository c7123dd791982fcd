"""Write a SoundFont 2 file: samples, and which key plays which of them how.

After the SoundFont Technical Specification, version 2.04. Only what our instruments need: an instrument for each
preset, one layer, no modulators.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE = 44_100
DRUM_BANK = 128

_SILENCE_AFTER_SAMPLE = 46
_PAN, _CUTOFF, _CHORUS, _REVERB = 17, 8, 15, 16
_ATTACK, _DECAY, _SUSTAIN, _RELEASE = 34, 36, 37, 38
_INSTRUMENT, _KEYS, _ATTENUATION = 41, 43, 48
_SAMPLE, _LOOPS, _ROOT = 53, 54, 58


@dataclass(frozen=True, slots=True)
class Sample:
    """A sound as it is at the key ``root``. If it loops, it does so from its beginning to its end without a seam."""

    wave: NDArray[np.float32]
    root: int
    loops: bool = False
    cents: int = 0


@dataclass(frozen=True, slots=True)
class Envelope:
    """Seconds, and the level that is held as decibels below the peak."""

    attack_s: float = 0.001
    decay_s: float = 0.001
    sustain_db: float = 0.0
    release_s: float = 0.3


@dataclass(frozen=True, slots=True)
class Zone:
    """The keys from ``low`` to ``high`` play ``sample``. ``pan`` is -1 (left) to 1, ``reverb`` 0 to 1."""

    sample: Sample
    low: int
    high: int
    envelope: Envelope
    quieter_db: float = 0.0
    pan: float = 0.0
    reverb: float = 0.0
    cutoff_hz: float | None = None


@dataclass(frozen=True, slots=True)
class Preset:
    name: str
    program: int
    zones: Sequence[Zone]
    bank: int = 0


def soundfont(name: str, presets: Sequence[Preset]) -> bytes:
    """Return the file. Presets are put in the order that the format wants."""
    ordered = sorted(presets, key=lambda preset: (preset.bank, preset.program))
    samples = [zone.sample for preset in ordered for zone in preset.zones]
    pool, headers = _sample_pool(list({id(sample): sample for sample in samples}.values()))
    numbers = {key: number for number, key in enumerate(dict.fromkeys(id(sample) for sample in samples))}
    info = _chunk(b"ifil", struct.pack("<HH", 2, 1)) + _chunk(b"isng", b"EMU8000\0") + _chunk(b"INAM", _text(name, 256))
    return _chunk(
        b"RIFF",
        b"sfbk"
        + _list(b"INFO", info)
        + _list(b"sdta", _chunk(b"smpl", pool))
        + _list(b"pdta", _presets(ordered) + _instruments(ordered, numbers) + _chunk(b"shdr", headers)),
    )


def _sample_pool(samples: Sequence[Sample]) -> tuple[bytes, bytes]:
    pool, headers, start = bytearray(), bytearray(), 0
    for number, sample in enumerate(samples):
        wave = np.round(np.clip(sample.wave, -1, 1) * 32767).astype("<i2")
        # A loop is read a little beyond its end, so its beginning follows it.
        after = wave[:_SILENCE_AFTER_SAMPLE] if sample.loops else np.zeros(_SILENCE_AFTER_SAMPLE, "<i2")
        pool += wave.tobytes() + after.tobytes()
        end = start + len(wave)
        loop = (start, end) if sample.loops else (start, start)
        headers += struct.pack(
            "<20s5IBbHH", _text(f"s{number}", 20), start, end, *loop, RATE, sample.root, sample.cents, 0, 1
        )
        start = end + _SILENCE_AFTER_SAMPLE
    headers += struct.pack("<20s5IBbHH", b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0)
    return bytes(pool), bytes(headers)


def _presets(presets: Sequence[Preset]) -> bytes:
    heads = b"".join(
        struct.pack("<20sHHHIII", _text(preset.name, 20), preset.program, preset.bank, number, 0, 0, 0)
        for number, preset in enumerate(presets)
    )
    bags = b"".join(struct.pack("<HH", number, 0) for number in range(len(presets) + 1))
    generators = b"".join(struct.pack("<HH", _INSTRUMENT, number) for number in range(len(presets)))
    end = struct.pack("<20sHHHIII", b"EOP", 0, 0, len(presets), 0, 0, 0)
    return (
        _chunk(b"phdr", heads + end)
        + _chunk(b"pbag", bags)
        + _chunk(b"pmod", bytes(10))
        + _chunk(b"pgen", generators + bytes(4))
    )


def _instruments(presets: Sequence[Preset], numbers: dict[int, int]) -> bytes:
    heads, bags, generators, zones = bytearray(), bytearray(), bytearray(), 0
    for preset in presets:
        heads += struct.pack("<20sH", _text(preset.name, 20), zones)
        for zone in preset.zones:
            bags += struct.pack("<HH", len(generators) // 4, 0)
            generators += _generators(zone, numbers[id(zone.sample)])
            zones += 1
    heads += struct.pack("<20sH", b"EOI", zones)
    bags += struct.pack("<HH", len(generators) // 4, 0)
    return (
        _chunk(b"inst", bytes(heads))
        + _chunk(b"ibag", bytes(bags))
        + _chunk(b"imod", bytes(10))
        + _chunk(b"igen", bytes(generators) + bytes(4))
    )


def _generators(zone: Zone, sample: int) -> bytes:
    """Return a zone's settings: the range of keys has to be the first, the sample the last."""
    envelope = zone.envelope
    amounts = {
        _PAN: round(zone.pan * 500),
        _REVERB: round(zone.reverb * 1000),
        _ATTENUATION: round(zone.quieter_db * 10),
        _ATTACK: _timecents(envelope.attack_s),
        _DECAY: _timecents(envelope.decay_s),
        _SUSTAIN: round(envelope.sustain_db * 10),
        _RELEASE: _timecents(envelope.release_s),
        _LOOPS: 1 if zone.sample.loops else 0,
        _ROOT: zone.sample.root,
    }
    if zone.cutoff_hz is not None:
        amounts[_CUTOFF] = round(1200 * math.log2(zone.cutoff_hz / 8.176))
    keys = struct.pack("<HBB", _KEYS, zone.low, zone.high)
    return keys + b"".join(struct.pack("<Hh", *each) for each in amounts.items()) + struct.pack("<HH", _SAMPLE, sample)


def _timecents(seconds: float) -> int:
    return round(1200 * math.log2(max(seconds, 0.001)))


def _text(text: str, most: int) -> bytes:
    encoded = text.encode("ascii", "replace")[: most - 1] + b"\0"
    return encoded + b"\0" * (len(encoded) % 2)


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _list(name: bytes, body: bytes) -> bytes:
    return _chunk(b"LIST", name + body)
