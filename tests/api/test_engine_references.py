"""Uploaded files through the API, the worker and the real built-in engines: a result is made from what went in."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

pytestmark = pytest.mark.engines
np = pytest.importorskip("numpy")
pytest.importorskip("onnxruntime")
pytest.importorskip("ncnn")

from PIL import Image  # noqa: E402

import rivya.providers  # noqa: E402
from tests.api.conftest import Installation, running  # noqa: E402
from tests.databases import Databases  # noqa: E402
from tests.files import samples  # noqa: E402
from tests.files.forms import uploaded  # noqa: E402
from tests.running import Client  # noqa: E402

PROVIDERS = Path(rivya.providers.__file__).parent / "providers.toml"
RATE = 24_000


@pytest.fixture(scope="module")
def engines(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation whose models are the built-in ones, as it is when nothing is configured."""
    folder = tmp_path_factory.mktemp("engines")
    settings = {"RIVYA_PROVIDERS_FILE": str(PROVIDERS)}
    with databases.one() as database_url, running(database_url, folder, settings) as found:
        yield found


@pytest.fixture
def client(engines: Installation) -> Iterator[Client]:
    yield engines.client(engines.account())
    assert engines.violations() == []


def reference(client: Client, content: bytes, kind: str) -> dict[str, Any]:
    """Upload a file; return it as an item of ``referenceMediaItems``."""
    made = uploaded(client, content, kind=kind)
    token = {"durationToken": made["duration_token"]} if kind != "image" else {}
    return {"url": made["url"], "kind": kind, **token}


def generated(client: Client, model: str, item: dict[str, Any], *, prompt: str | None = None, **params: Any) -> Any:
    body: dict[str, Any] = {"model": model, "params": {"referenceMediaItems": [item], **params}}
    answer = client.generate(body | ({"prompt": prompt} if prompt is not None else {}))
    assert answer.status == 202, answer.body
    return client.ended(answer.json["id"], within_s=50)


def result(client: Client, task: Any) -> bytes:
    assert task["status"] == "succeeded", task
    return client.get(task["result"]["primary_url"]).body


def towers() -> bytes:
    """A photograph stored on its side: two towers before a sky."""
    picture = Image.new("RGB", (300, 200), "#9fc8e8")
    picture.paste("#5a7038", (0, 140, 300, 200))
    picture.paste("#402818", (60, 30, 110, 160))
    picture.paste("#d84020", (210, 90, 260, 150))
    exif = Image.Exif()
    exif[0x0112] = 6
    content = io.BytesIO()
    picture.transpose(Image.Transpose.ROTATE_90).save(content, "JPEG", exif=exif, quality=95)
    return content.getvalue()


def small(picture: Image.Image) -> Any:
    return np.asarray(picture.convert("RGB").resize((30, 20)), float)


def upright(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).transpose(Image.Transpose.ROTATE_270)


def hissing(*, seconds: int = 6) -> tuple[bytes, Any]:
    """A sound of bursts and pauses in white noise as WAV, and which of its samples are in a pause."""
    t = np.arange(seconds * RATE) / RATE
    bursts = np.sin(2 * np.pi * 0.7 * t) > 0
    heard = 0.3 * bursts * np.sin(2 * np.pi * (300 * t + 20 * np.sin(2 * np.pi * 3 * t)))
    heard += 0.05 * np.random.default_rng(1).standard_normal(len(t))
    content = io.BytesIO()
    with av.open(content, "w", format="wav") as container:
        stream: Any = container.add_stream("pcm_s16le", rate=RATE)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray((heard * 32767).astype("<i2")[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return content.getvalue(), ~bursts


def samples_of(content: bytes) -> Any:
    with av.open(io.BytesIO(content)) as container:
        frames: Any = container.decode(audio=0)
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE)
        return np.concatenate([part.to_ndarray()[0] for frame in (*frames, None) for part in resampler.resample(frame)])


def test_a_picture_is_made_from_a_picture(client: Client) -> None:
    given = towers()
    task = generated(client, "rivya-sketch", reference(client, given, "image"), prompt="make it a painting")
    made = Image.open(io.BytesIO(result(client, task)))
    assert made.width / made.height == pytest.approx(1.5, rel=0.03)
    assert np.corrcoef(small(made).ravel(), small(upright(given)).ravel())[0, 1] > 0.9


def test_a_clip_begins_with_the_picture_that_it_is_made_from(client: Client) -> None:
    given = towers()
    task = generated(client, "rivya-motion", reference(client, given, "image"), prompt="slow push in", duration="2")
    with av.open(io.BytesIO(result(client, task))) as container:
        frames = [frame.to_image() for frame in container.decode(video=0)]
    assert len(frames) == 48
    assert frames[0].width / frames[0].height == pytest.approx(1.5, rel=0.03)
    assert np.abs(small(frames[0]) - small(upright(given))).mean() < 6
    assert np.abs(small(frames[-1]) - small(upright(given))).mean() > 6


@pytest.mark.parametrize(("model", "credits"), [("rivya-isolate", 1), ("audio-isolation", 3)])
def test_a_sound_is_made_from_a_sound(client: Client, model: str, credits: int) -> None:
    given, pauses = hissing()
    task = generated(client, model, reference(client, given, "audio"))
    assert task["final_credits"] == credits
    before, after = samples_of(given), samples_of(result(client, task))
    assert after.shape == before.shape
    levels = [10 * np.log10((after[part] ** 2).mean() / (before[part] ** 2).mean()) for part in (pauses, ~pauses)]
    assert levels[0] < -12
    assert levels[1] == pytest.approx(0, abs=1)


def test_a_longer_sound_costs_by_its_seconds(client: Client) -> None:
    given, _ = hissing(seconds=31)
    item = reference(client, given, "audio")
    body = {"model": "rivya-isolate", "params": {"referenceMediaItems": [item]}}
    answer = client.generate(body)
    assert (answer.status, answer.json["reserved_credits"]) == (202, 2)
    assert client.ended(answer.json["id"], within_s=50)["final_credits"] == 2


def test_a_sound_without_its_token_is_refused(client: Client) -> None:
    item = reference(client, hissing()[0], "audio")
    del item["durationToken"]
    answer = client.generate({"model": "rivya-isolate", "params": {"referenceMediaItems": [item]}})
    assert (answer.status, answer.json["error"]["param"]) == (400, "params.referenceMediaItems[0].durationToken")


def test_a_clip_is_no_reference_of_a_clip(client: Client) -> None:
    item = reference(client, samples.video(), "video")
    body = {"model": "rivya-motion", "prompt": "on and on", "params": {"referenceMediaItems": [item]}}
    answer = client.generate(body)
    assert (answer.status, answer.json["error"]["param"]) == (400, "params.referenceMediaItems[0].kind")


def test_a_picture_that_the_engine_cannot_use_fails_with_the_reason_and_costs_nothing(
    engines: Installation, client: Client
) -> None:
    item = reference(client, samples.picture(size=(2100, 20)), "image")
    task = generated(client, "rivya-upscale", item)
    assert (task["status"], task["final_credits"], task["error"]["reason"]) == ("failed", 0, "invalid_input")
    assert "at most 2048 by 2048" in task["error"]["message"]
