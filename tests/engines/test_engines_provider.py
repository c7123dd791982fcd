"""The built-in engines as a provider: what becomes of a job's files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from rivya.engines.host import EngineHost
from rivya.engines.registry import Entry
from rivya.kit.clock import utc_now
from rivya.kit.ids import TaskId
from rivya.providers.base import Input, Work
from rivya.providers.circuit import verdict
from rivya.providers.engines import Engines
from rivya.providers.outcome import Accepted, Checked, Done, Failed, Running
from tests.files import samples

pytestmark = pytest.mark.engines


@pytest.fixture
async def engines(tmp_path: Path) -> AsyncIterator[Engines]:
    folder = tmp_path / "work"
    provider = Engines(EngineHost(work_dir=folder), work_dir=folder)
    yield provider
    await provider.close()


def work(folder: Path, content: bytes, *, mime_type: str = "audio/mpeg") -> Work:
    given = folder / "given.mp3"
    given.write_bytes(content)
    return Work(
        id="attempt-1",
        task=TaskId("task_1"),
        target="rivya-isolate",
        prompt="",
        params={"output_format": "wav"},
        inputs=[Input("audio", given, mime_type)],
        deadline_at=utc_now() + timedelta(seconds=60),
    )


async def ended(engines: Engines, job: Work) -> Checked:
    assert await engines.submit(job) == Accepted(job.id)
    while isinstance(found := await engines.check(job.id, wait_s=30), Running):
        pass
    return found


def left(folder: Path) -> list[str]:
    """What is left of the job, by name."""
    job = folder / "work" / "attempt-1"
    return sorted(str(path.relative_to(job)) for path in job.rglob("*"))


async def test_of_a_job_that_is_done_only_its_result_is_left(engines: Engines, tmp_path: Path) -> None:
    done = await ended(engines, work(tmp_path, samples.sound()))
    assert isinstance(done, Done)
    assert left(tmp_path) == ["out", "out/audio.wav"]
    assert (tmp_path / "given.mp3").exists()


async def test_of_a_job_that_failed_nothing_is_left_and_the_reason_is_public(engines: Engines, tmp_path: Path) -> None:
    failed = await ended(engines, work(tmp_path, b"not a sound"))
    assert isinstance(failed, Failed)
    assert failed.reason == "invalid_input"
    assert failed.public_message == "params.referenceMediaItems: the sound cannot be read"
    assert left(tmp_path) == []


async def test_an_engine_that_cannot_be_loaded_is_down(tmp_path: Path) -> None:
    broken = {"rivya-isolate": Entry("rivya.engines.isolate:NoSuchEngine", (), 400)}
    engines = Engines(EngineHost(work_dir=tmp_path / "work", table=broken), work_dir=tmp_path / "work")
    try:
        failed = await ended(engines, work(tmp_path, samples.sound()))
    finally:
        await engines.close()
    assert isinstance(failed, Failed)
    assert (failed.reason, failed.down, verdict(failed)) == ("upstream_error", True, "down")
    assert left(tmp_path) == []


def test_the_engines_of_workers_are_those_that_make_files(tmp_path: Path) -> None:
    engines = Engines(EngineHost(work_dir=tmp_path), work_dir=tmp_path)
    assert engines.serves("rivya-isolate")
    assert not engines.serves("rivya-mini-chat")
    assert not engines.serves("unheard-of")


async def test_of_a_job_that_was_cancelled_nothing_is_left(engines: Engines, tmp_path: Path) -> None:
    job = work(tmp_path, samples.sound(seconds=60))
    assert await engines.submit(job) == Accepted(job.id)
    await asyncio.sleep(0)
    assert await engines.cancel(job.id)
    assert left(tmp_path) == []
