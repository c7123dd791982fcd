"""rivya-voice: what it makes is decoded and measured."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

pytestmark = pytest.mark.engines
pytest.importorskip("hibari")

from rivya.engines.base import InvalidInput, Job  # noqa: E402
from rivya.engines.voice import VoiceEngine, phrases_of  # noqa: E402


@pytest.fixture(scope="module")
def engine() -> VoiceEngine:
    return VoiceEngine()


def job(folder: Path, prompt: str, **params: object) -> Job:
    folder.mkdir(exist_ok=True)
    return Job("job", folder, prompt, {"speed": 1, "output_format": "wav", **params})


def heard(path: Path) -> tuple[NDArray[np.float32], int]:
    """Return what a player would play, between -1 and 1, and its rate."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        to_floats = av.AudioResampler("fltp", "mono", stream.rate)
        blocks = [out.to_ndarray()[0] for frame in container.decode(stream) for out in to_floats.resample(frame)]
        return np.concatenate(blocks), stream.rate


def seconds(engine: VoiceEngine, folder: Path, prompt: str, **params: object) -> float:
    (made,) = engine.run(job(folder, prompt, **params), lambda _: None)
    samples, rate = heard(made.path)
    return len(samples) / rate


TEXT = "The ship left the harbour at 7:30 in the morning. Twelve people were on board, and 1,250 stayed behind!"


@pytest.mark.parametrize(("format", "mime_type"), [("mp3", "audio/mpeg"), ("wav", "audio/wav")])
def test_text_becomes_speech_of_a_plausible_length_and_level(
    engine: VoiceEngine, tmp_path: Path, format: str, mime_type: str
) -> None:
    seen: list[int] = []
    (made,) = engine.run(job(tmp_path, TEXT, output_format=format), seen.append)
    samples, rate = heard(made.path)
    assert made.mime_type == mime_type
    assert rate == 24_000
    assert 5 < len(samples) / rate < 11
    assert 0.03 < np.sqrt(np.mean(samples**2)) < 0.3
    assert 0.5 < np.abs(samples).max() < 0.98
    assert seen == sorted(seen)
    assert seen[-1] == 95


def test_the_same_text_gives_the_same_bytes(engine: VoiceEngine, tmp_path: Path) -> None:
    made = [engine.run(job(tmp_path / name, TEXT), lambda _: None)[0].path.read_bytes() for name in "ab"]
    assert made[0] == made[1]


def test_a_faster_voice_takes_less_time(engine: VoiceEngine, tmp_path: Path) -> None:
    slow, fast = (seconds(engine, tmp_path, TEXT, speed=speed) for speed in (0.7, 1.3))
    assert 1.4 < slow / fast < 2.0


def test_a_long_text_is_read_whole(engine: VoiceEngine, tmp_path: Path) -> None:
    assert seconds(engine, tmp_path, TEXT * 5) == pytest.approx(5 * seconds(engine, tmp_path, TEXT), rel=0.1)


def test_silences_are_those_of_a_reader(engine: VoiceEngine, tmp_path: Path) -> None:
    (made,) = engine.run(job(tmp_path, "One thing. Another thing."), lambda _: None)
    samples, rate = heard(made.path)
    block = rate // 50
    quiet = np.abs(samples[: len(samples) // block * block]).reshape(-1, block).max(axis=1) < 0.01
    longest = max(len(run) for run in "".join("_" if one else "x" for one in quiet).split("x"))
    assert 0.25 < longest / 50 < 0.7


@pytest.mark.parametrize("prompt", ["😀😀", "世界你好", "...", "!!! ???", " ", "\x07"])
def test_a_text_with_nothing_to_say_is_refused(engine: VoiceEngine, tmp_path: Path, prompt: str) -> None:
    with pytest.raises(InvalidInput, match="prompt"):
        engine.run(job(tmp_path, prompt), lambda _: None)


def test_what_can_be_said_is_said(engine: VoiceEngine, tmp_path: Path) -> None:
    assert seconds(engine, tmp_path, "Hello 世界 😀") > 0.3


def sentences(text: str) -> list[str]:
    return [part for part in text.split(". ") if part]


def test_a_text_is_cut_at_paragraphs_sentences_and_clauses() -> None:
    phrases = phrases_of(f"One. Two\n\n{'word ' * 50}, {'more ' * 50}", sentences)
    assert [phrase.text[:4] for phrase in phrases] == ["One", "Two", "word", "more"]
    assert [phrase.pause_s for phrase in phrases] == [0.4, 0.75, 0.15, 0.75]


@pytest.mark.parametrize("text", ["word " * 300, "x" * 1000, "a, " * 400])
def test_no_phrase_is_longer_than_the_voice_reads_well(text: str) -> None:
    phrases = phrases_of(text, sentences)
    assert max(len(phrase.text) for phrase in phrases) <= 260
    assert "".join(phrase.text for phrase in phrases).replace(" ", "") == text.replace(" ", "")
