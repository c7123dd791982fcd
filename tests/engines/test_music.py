"""rivya-music: its plans and scores are read, its sound is decoded and measured."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

pytestmark = pytest.mark.engines
pytest.importorskip("midirenderer")

from rivya.engines.base import Job  # noqa: E402
from rivya.engines.music import MusicEngine  # noqa: E402
from rivya.engines.music.compose import compose  # noqa: E402
from rivya.engines.music.harmony import chord, lead_voices  # noqa: E402
from rivya.engines.music.midi import midi  # noqa: E402
from rivya.engines.music.orchestra import Voice, orchestra  # noqa: E402
from rivya.engines.music.plan import SCALES, Plan, plan  # noqa: E402
from rivya.engines.music.render import RATE, render  # noqa: E402
from rivya.engines.music.score import Note, Part, Score  # noqa: E402
from rivya.engines.music.styles import STYLE_WORDS, STYLES  # noqa: E402

MAJOR = SCALES["major"]


@pytest.fixture(scope="module")
def engine() -> MusicEngine:
    return MusicEngine()


@pytest.fixture(scope="module")
def soundfont() -> bytes:
    return orchestra()


def planned(prompt: str, duration_s: float = 20, seed: int | None = None) -> Plan:
    return plan(prompt, duration_s=duration_s, seed=seed)


def job(folder: Path, prompt: str, **params: object) -> Job:
    folder.mkdir(exist_ok=True)
    return Job("job", folder, prompt, {"duration": 8, "output_format": "wav", **params})


def heard(path: Path) -> tuple[NDArray[np.float32], int]:
    """Return both channels as a player would play them, and their rate."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        to_floats = av.AudioResampler("fltp", "stereo", stream.rate)
        blocks = [out.to_ndarray() for frame in container.decode(stream) for out in to_floats.resample(frame)]
        return np.concatenate(blocks, axis=1), stream.rate


def onsets_a_second(made: Plan) -> float:
    score = compose(made)
    return sum(len(part.notes) for part in score.parts) / (score.beats * 60 / score.tempo)


@pytest.mark.parametrize(("format", "duration"), [("mp3", 5), ("wav", 5), ("wav", 17), ("mp3", 60)])
def test_a_piece_has_the_length_loudness_and_form_of_music(
    engine: MusicEngine, tmp_path: Path, format: str, duration: int
) -> None:
    seen: list[int] = []
    asked = job(tmp_path, "An uplifting pop song", duration=duration, output_format=format)
    (made,) = engine.run(asked, seen.append)
    samples, rate = heard(made.path)
    assert made.mime_type == {"mp3": "audio/mpeg", "wav": "audio/wav"}[format]
    assert (rate, samples.shape[0]) == (44_100, 2)
    assert samples.shape[1] / rate == pytest.approx(duration, abs=0.2)
    assert 0.07 < np.sqrt(np.mean(samples**2)) < 0.2
    assert np.abs(samples).max() < 0.99
    assert np.abs(samples[:, -rate // 20 :]).max() < 0.02
    assert np.abs(samples.mean(axis=1)).max() < 0.002
    assert seen == sorted(seen)


@pytest.mark.parametrize("prompt", ["slow sad piano", "epic orchestral battle", "calm ambient pads", "happy ukulele"])
def test_the_sound_is_made_of_tones_and_not_of_noise(engine: MusicEngine, tmp_path: Path, prompt: str) -> None:
    (made,) = engine.run(job(tmp_path, prompt), lambda _: None)
    samples, rate = heard(made.path)
    spectrum = np.abs(np.fft.rfft(samples.mean(axis=0)[rate : rate * 5] * np.hanning(rate * 4))) ** 2
    band = spectrum[4 * 50 : 4 * 5000] + 1e-12
    flatness = np.exp(np.log(band).mean()) / band.mean()
    assert flatness < 0.05
    assert spectrum[: 4 * 25].sum() < 0.02 * spectrum.sum()
    assert np.sort(band)[-200:].sum() > 0.4 * band.sum()


def test_the_same_job_gives_the_same_bytes_and_another_seed_another_piece(engine: MusicEngine, tmp_path: Path) -> None:
    made = [
        engine.run(job(tmp_path / str(number), "jazz trio", seed=seed), lambda _: None)[0].path.read_bytes()
        for number, seed in enumerate((1, 1, 2))
    ]
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_fast_and_happy_differs_from_slow_and_sad() -> None:
    happy, sad = planned("a fast, happy dance song"), planned("a slow, sad piano piece")
    assert happy.tempo > 1.5 * sad.tempo
    assert happy.scale_name in ("major", "lydian")
    assert sad.scale_name in ("minor", "dorian", "harmonic minor", "phrygian")
    assert onsets_a_second(happy) > 3 * onsets_a_second(sad)
    assert (happy.drums, sad.drums) == (True, False)


@pytest.mark.parametrize(
    ("prompt", "style", "lead"),
    [
        ("lo-fi beats to study to", "lofi", None),
        ("a waltz for strings", "waltz", Voice.STRINGS),
        ("smooth jazz with a clarinet", "jazz", Voice.CLARINET),
        ("Dark TECHNO for a club", "electronic", Voice.LEAD),
        ("an epic film trailer with trumpets", "cinematic", Voice.BRASS),
        ("a lullaby", "lullaby", Voice.MUSIC_BOX),
        ("folk guitar by a campfire", "folk", Voice.GUITAR),
        ("8-bit arcade music", "game", None),
    ],
)
def test_words_choose_style_and_instrument(prompt: str, style: str, lead: Voice | None) -> None:
    made = planned(prompt)
    assert made.style_name == style
    assert lead is None or made.lead is lead


def test_words_inside_other_words_do_not_count() -> None:
    assert planned("a brocken scrapbook, harpooned", seed=1) == planned("a xxxxxxx xxxxxxxxx, xxxxxxxxx", seed=1)


def test_key_tempo_and_metre_may_be_said_outright() -> None:
    made = planned("techno in F# minor at 140 bpm")
    assert (made.tonic, made.scale_name) == (6, "minor")
    assert made.tempo == pytest.approx(140, rel=0.06)
    assert planned("a folk song in 3/4").metre == 3
    assert not planned("rock without drums").drums


@pytest.mark.parametrize("duration", [5, 7.5, 12, 20, 33, 60])
@pytest.mark.parametrize("prompt", ["slow ambient", "fast rock", "a waltz"])
def test_the_bars_fill_the_time(prompt: str, duration: float) -> None:
    made = planned(prompt, duration)
    seconds = made.bars * made.metre * 60 / made.tempo
    assert duration - 2 < seconds < duration
    assert 35 < made.tempo < 240


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("style", sorted(STYLES))
def test_every_style_writes_playable_notes_in_its_scale(style: str, seed: int) -> None:
    word = STYLE_WORDS[style].split("|")[0].replace("\\w*", "").replace("-?", "")
    made = planned(word, 24, seed)
    score = compose(made)
    allowed = {(made.tonic + step) % 12 for step in made.scale}
    assert made.style_name == style
    assert score.parts[0].notes
    for part in score.parts:
        for note in part.notes:
            assert 0 <= note.start < score.beats
            assert note.length > 0
            assert 20 <= note.pitch <= 108
            assert 1 <= note.velocity <= 127
        if part.name in ("melody", "chords", "pad"):
            assert {note.pitch % 12 for note in part.notes} <= allowed
    assert len(midi(score)) > 500


def test_the_melody_moves_mostly_by_step_and_ends_at_home() -> None:
    for seed in range(12):
        made = planned("a gentle classical melody", 30, seed)
        notes = compose(made).parts[0].notes
        leaps = [abs(later.pitch - earlier.pitch) for earlier, later in itertools.pairwise(notes)]
        assert sum(leap <= 4 for leap in leaps) > 0.6 * len(leaps)
        assert max(leaps) <= 14
        tonic_chord = {(made.tonic + made.scale[step]) % 12 for step in (0, 2, 4)}
        assert notes[-1].pitch % 12 in tonic_chord


def test_voices_move_little_from_chord_to_chord() -> None:
    chords = [chord(degree, 0, MAJOR, seventh=False) for degree in (0, 5, 3, 4, 0)]
    voicings = lead_voices(chords)
    for each, voicing in zip(chords, voicings, strict=True):
        assert {note % 12 for note in voicing} == set(each.tones)
    for before, after in itertools.pairwise(voicings):
        assert max(abs(later - earlier) for earlier, later in zip(before, after, strict=True)) <= 5


def test_the_piece_grows_to_its_climax() -> None:
    made = planned("an upbeat pop song", 60)
    intensity = {section.name: section.intensity for section in made.sections}
    assert intensity["intro"] < intensity["theme"] < intensity["climax"]
    assert intensity["end"] < intensity["climax"]


def test_a_midi_file_is_read_back_note_for_note() -> None:
    data = midi(Score(90, 4, [Part("one", 5, [Note(0, 1, 60, 100), Note(1, 200, 64, 80)])]))
    assert data[:14] == b"MThd\0\0\0\6\0\1\0\2\1\xe0"
    assert bytes([0xFF, 0x51, 3]) + (666_667).to_bytes(3, "big") in data
    assert bytes([0x90, 60, 100]) in data
    assert bytes([0x83, 0x60, 0x80, 60, 0]) in data  # after 480 ticks, in seven bits each
    assert data.endswith(b"\xff\x2f\x00")


@pytest.mark.parametrize("voice", list(Voice))
@pytest.mark.parametrize("pitch", [45, 60, 69, 82])
def test_every_instrument_sounds_and_is_in_tune(soundfont: bytes, voice: Voice, pitch: int) -> None:
    score = Score(60, 5, [Part("one", int(voice), [Note(0.2, 2.5, pitch, 100)], reverb=0)])
    samples = render(score, soundfont, duration_s=4).mean(axis=0)
    spectrum = np.abs(np.fft.rfft(samples[RATE // 2 : RATE * 2] * np.hanning(RATE * 3 // 2), RATE * 8))
    wanted = 440 * 2 ** ((pitch - 69) / 12)
    near = slice(int(wanted * 0.95 * 8), int(wanted * 1.055 * 8))
    grid = np.arange(len(spectrum))[near] / 8
    centre = float((grid * spectrum[near] ** 2).sum() / (spectrum[near] ** 2).sum())
    assert abs(1200 * np.log2(centre / wanted)) < 12
    assert spectrum[near].max() > 0.1 * spectrum.max()
