"""rivya-isolate as its host sees it: a sound in, the same sound with less noise out. What it makes is measured."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytestmark = pytest.mark.engines

import av  # noqa: E402

from rivya.engines import isolate  # noqa: E402
from rivya.engines.base import InvalidInput, Job, Reference  # noqa: E402
from rivya.engines.isolate import IsolateEngine, mp3_rate  # noqa: E402
from rivya.engines.isolate.clean import cleaned  # noqa: E402
from tests.files import samples  # noqa: E402

RATE = 24_000
FIELD = r"^params\.referenceMediaItems"
Sound = NDArray[np.float32]


@pytest.fixture(scope="module")
def voice() -> Sound:
    """Twelve seconds of words: a gliding buzz of the larynx through moving formants, with pauses; its loudness is 1."""
    t = np.arange(12 * RATE) / RATE
    pitch = 130 + 25 * np.sin(2 * np.pi * 0.37 * t) + 6 * np.sin(2 * np.pi * 2.1 * t)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    formants = [(500 + 200 * np.sin(2 * np.pi * 1.3 * t), 90), (1500 + 500 * np.sin(2 * np.pi * 0.9 * t), 140)]
    said = np.zeros_like(t)
    for number in range(1, 30):
        loud = sum(1 / (1 + ((number * pitch - middle) / width) ** 2) for middle, width in formants)
        said += (loud + 0.01) * np.sin(number * phase)
    syllables = np.clip(np.sin(2 * np.pi * 2.7 * t) + 0.6, 0, 1) * (np.sin(2 * np.pi * 0.31 * t) > -0.5)
    said *= syllables
    return (said / np.sqrt((said**2).mean())).astype(np.float32)[None]


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    """A sentence read by rivya-voice."""
    pytest.importorskip("hibari")
    from rivya.engines.voice import VoiceEngine

    folder = tmp_path_factory.mktemp("voice")
    text = "The harbour was quiet before dawn. A lamp burned at the end of the pier; we waited for the boat."
    (artifact,) = VoiceEngine().run(Job("job", folder, text, {"output_format": "wav"}), lambda _: None)
    said, rate = heard(artifact.path)
    assert rate == RATE
    return said / np.sqrt((said**2).mean())


def noise(like: Sound, *, snr_db: float = 5.0, falling: float = 0.0, seed: int = 1) -> Sound:
    """White noise so much weaker than a sound of loudness 1; ``falling`` 1 is pink, 2 is brown."""
    made = np.random.default_rng(seed).standard_normal(like.shape)
    if falling:
        spectrum = np.fft.rfft(made)
        spectrum /= np.maximum(np.arange(spectrum.shape[1]), 30) ** (falling / 2)
        made = np.fft.irfft(spectrum, like.shape[1])
    return (made / np.sqrt((made**2).mean()) * 10 ** (-snr_db / 20)).astype(np.float32)


def clean(sound: Sound, *, rate: int = RATE, block: int = 1152) -> Sound:
    blocks = (sound[:, start : start + block] for start in range(0, sound.shape[1], block))
    return np.concatenate(list(cleaned(blocks, rate, sound.shape[0])), axis=1)


def snr_db(sound: Sound, true: Sound) -> float:
    return float(10 * np.log10((true**2).sum() / ((sound - true) ** 2).sum()))


def level_db(sound: Sound, against: Sound) -> float:
    return float(10 * np.log10((sound**2).sum() / (against**2).sum()))


def heard(path: Path) -> tuple[Sound, int]:
    with av.open(str(path)) as container:
        frames: list[Any] = list(container.decode(audio=0))
        resampler = av.AudioResampler(format="fltp", layout=frames[0].layout.name, rate=frames[0].sample_rate)
        parts = [part.to_ndarray() for frame in [*frames, None] for part in resampler.resample(frame)]
        return np.concatenate(parts, axis=1), frames[0].sample_rate


def saved(path: Path, sound: Sound, *, rate: int = RATE) -> Reference:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(sound.shape[0])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(np.clip(sound, -1, 1) * 32767).astype("<i2").T.tobytes())
    return Reference("audio", path, "audio/wav")


def run(folder: Path, given: Reference, format: str = "wav") -> Path:
    seen: list[int] = []
    out = folder / f"out-{format}"
    out.mkdir(exist_ok=True)
    (artifact,) = IsolateEngine().run(Job("job", out, "", {"output_format": format}, [given]), seen.append)
    assert artifact.mime_type == {"wav": "audio/wav", "mp3": "audio/mpeg"}[format]
    assert seen == sorted(seen)
    assert seen[-1] == 100
    return artifact.path


@pytest.mark.parametrize(("falling", "better_by_db"), [(0.0, 9.0), (1.0, 7.5), (2.0, 8.0)])
def test_a_voice_in_noise_comes_out_clearer(voice: Sound, falling: float, better_by_db: float) -> None:
    noisy = 0.1 * (voice + noise(voice, falling=falling))
    made = clean(noisy)
    assert snr_db(noisy, 0.1 * voice) == pytest.approx(5, abs=0.1)
    assert snr_db(made, 0.1 * voice) > 5 + better_by_db


def test_a_real_voice_comes_out_clearer_too(spoken: Sound) -> None:
    made = clean(0.1 * (spoken + noise(spoken)))
    assert snr_db(made, 0.1 * spoken) > 5 + 6


def test_noise_alone_is_turned_down_by_its_twenty_decibels(voice: Sound) -> None:
    hiss = 0.1 * noise(voice)
    assert level_db(clean(hiss), hiss) == pytest.approx(-20, abs=1)


def test_noise_that_changes_is_followed(voice: Sound) -> None:
    silence = np.zeros_like(voice)
    hiss = np.concatenate([0.02 * noise(silence), 0.1 * noise(silence)], axis=1)
    made = clean(hiss)
    for part in (slice(0, 6 * RATE), slice(18 * RATE, None)):
        assert level_db(made[:, part], hiss[:, part]) < -15


def test_a_clean_voice_stays_as_it_was(voice: Sound) -> None:
    assert snr_db(clean(0.1 * voice), 0.1 * voice) > 25


def test_silence_stays_silent() -> None:
    assert not clean(np.zeros((2, 5 * RATE), np.float32)).any()


def test_silence_around_it_does_not_hide_the_noise(voice: Sound) -> None:
    silence = np.zeros_like(voice)
    hiss = 0.1 * noise(voice)[:, : 6 * RATE]
    made = clean(np.concatenate([silence, hiss, silence], axis=1))
    assert not made[:, : 11 * RATE].any()
    assert level_db(made[:, 13 * RATE : 17 * RATE], hiss[:, RATE : 5 * RATE]) < -15


@pytest.mark.parametrize("snr", [5.0, 20.0, 60.0])
def test_a_tone_that_lasts_is_no_noise(voice: Sound, snr: float) -> None:
    tone = (np.sqrt(2) * np.sin(2 * np.pi * 440 * np.arange(voice.shape[1]) / RATE)).astype(np.float32)[None]
    made = clean(0.1 * (tone + noise(tone, snr_db=snr)))
    assert level_db(made, 0.1 * tone) == pytest.approx(0, abs=0.5)
    assert snr_db(made, 0.1 * tone) > min(snr + 15, 40)


def test_channels_stay_apart(voice: Sound) -> None:
    both = 0.1 * np.concatenate([voice + noise(voice), 0.25 * (voice + noise(voice, seed=2))])
    made = clean(both)
    assert level_db(made[:1], made[1:]) == pytest.approx(level_db(both[:1], both[1:]), abs=0.3)


@pytest.mark.parametrize("length", [1, 255, 256, 1024, RATE * 2, RATE * 2 + 1, RATE * 7 - 3])
def test_as_many_samples_come_out_as_went_in(voice: Sound, length: int) -> None:
    assert clean(voice[:, :length]).shape == (1, length)


def test_how_it_arrives_changes_nothing(voice: Sound) -> None:
    sound = 0.1 * (voice + noise(voice))
    once = clean(sound, block=sound.shape[1])
    assert np.array_equal(once, clean(sound, block=1000))
    assert np.array_equal(once, clean(sound, block=4097))


def test_no_more_than_some_seconds_are_held() -> None:
    taken = given = most = 0

    def blocks() -> Iterator[Sound]:
        nonlocal taken
        for _ in range(600):
            taken += RATE // 10
            yield np.full((1, RATE // 10), 0.1, np.float32)

    for part in cleaned(blocks(), RATE, 1):
        most = max(most, taken - given)
        given += part.shape[1]
    assert given == 60 * RATE
    assert most < 11 * RATE


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("format", ["wav", "mp3"])
def test_length_rate_and_channels_stay(voice: Sound, tmp_path: Path, rate: int, channels: int, format: str) -> None:
    sound = 0.1 * np.repeat(voice[:, : int(2.5 * rate) + 17], channels, axis=0)
    made, made_rate = heard(run(tmp_path, saved(tmp_path / "given.wav", sound, rate=rate), format))
    assert made_rate == rate
    assert made.shape == sound.shape


def test_a_rate_that_mp3_does_not_know_becomes_the_next_one(voice: Sound, tmp_path: Path) -> None:
    assert [mp3_rate(rate) for rate in (11_000, 24_000, 30_000, 96_000)] == [11_025, 24_000, 32_000, 48_000]
    given = saved(tmp_path / "given.wav", 0.1 * voice[:, :96_000], rate=96_000)
    mp3, rate = heard(run(tmp_path, given, "mp3"))
    assert (rate, mp3.shape) == (48_000, (1, 48_000))
    wav, rate = heard(run(tmp_path, given, "wav"))
    assert (rate, wav.shape) == (96_000, (1, 96_000))


@pytest.mark.parametrize(
    ("format", "codec", "mime_type"),
    [
        ("mp3", "libmp3lame", "audio/mpeg"),
        ("mp4", "aac", "audio/mp4"),
        ("adts", "aac", "audio/aac"),
        ("ogg", "libopus", "audio/ogg"),
        ("wav", "pcm_s24le", "audio/x-wav"),
        ("wav", "pcm_f32le", "audio/wav"),
    ],
)
def test_every_type_of_sound_is_read(tmp_path: Path, format: str, codec: str, mime_type: str) -> None:
    path = tmp_path / "given"
    path.write_bytes(samples.sound(format, codec=codec, seconds=3))
    true, rate = heard(path)
    made, made_rate = heard(run(tmp_path, Reference("audio", path, mime_type)))
    assert (made_rate, made.shape) == (rate, true.shape)
    assert level_db(made, true) == pytest.approx(0, abs=1.5)


def test_six_channels_become_two(tmp_path: Path, voice: Sound) -> None:
    sound = 0.1 * np.repeat(voice[:, :RATE], 6, axis=0)
    made, _ = heard(run(tmp_path, saved(tmp_path / "given.wav", sound)))
    assert made.shape == (2, RATE)


@pytest.mark.parametrize("format", ["wav", "mp3"])
def test_the_same_job_gives_the_same_bytes(voice: Sound, tmp_path: Path, format: str) -> None:
    given = saved(tmp_path / "given.wav", 0.1 * (voice + noise(voice)))
    assert run(tmp_path, given, format).read_bytes() == run(tmp_path, given, format).read_bytes()


def test_numbers_that_are_none_do_no_lasting_harm(voice: Sound, tmp_path: Path) -> None:
    sound = 0.1 * voice
    sound[0, 100:103] = (np.nan, np.inf, -np.inf)
    content = io.BytesIO()
    with av.open(content, "w", format="wav") as container:
        stream: Any = container.add_stream("pcm_f32le", rate=RATE)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(sound, format="flt", layout="mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    (tmp_path / "given.wav").write_bytes(content.getvalue())
    made, _ = heard(run(tmp_path, Reference("audio", tmp_path / "given.wav", "audio/wav")))
    assert snr_db(made[:, RATE:], sound[:, RATE:]) > 20


def test_a_sound_that_is_too_long_is_told_what_is_accepted(
    voice: Sound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolate, "LONGEST_S", 6.0)
    with pytest.raises(InvalidInput, match=rf"{FIELD}.*at most 0 minutes"):
        run(tmp_path, saved(tmp_path / "given.wav", voice))


def test_pictures_without_sound_are_refused(tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(samples.video())
    with pytest.raises(InvalidInput, match=rf"{FIELD}: there is no sound"):
        run(tmp_path, Reference("audio", tmp_path / "given", "audio/mp4"))


def test_a_type_that_nothing_reads_is_refused(tmp_path: Path) -> None:
    (tmp_path / "given").write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n")
    for mime_type in ("audio/x-mpegurl", "audio/mpeg"):
        with pytest.raises(InvalidInput, match=rf"{FIELD}.*cannot be read"):
            run(tmp_path, Reference("audio", tmp_path / "given", mime_type))


@pytest.mark.parametrize(
    ("format", "codec", "mime_type"), [("mp3", "libmp3lame", "audio/mpeg"), ("mp4", "aac", "audio/mp4")]
)
def test_damage_is_refused_or_borne_and_never_a_fault_of_ours(
    tmp_path: Path, format: str, codec: str, mime_type: str
) -> None:
    whole, chance = samples.sound(format, codec=codec), np.random.default_rng(1)
    given = Reference("audio", tmp_path / "given", mime_type)
    refused: list[str] = []
    for number in range(60):
        damaged = np.frombuffer(whole[: chance.integers(len(whole))] if number % 3 == 0 else whole, np.uint8).copy()
        count = (1, 20, 400)[number % 3]
        damaged[chance.integers(0, max(1, len(damaged)), count if len(damaged) else 0)] = chance.integers(0, 256)
        given.path.write_bytes(damaged.tobytes())
        try:
            assert run(tmp_path, given).stat().st_size > 44
        except InvalidInput as error:
            refused.append(str(error))
    assert refused
    assert all(message.startswith("params.referenceMediaItems: the") for message in refused)
