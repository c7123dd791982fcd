"""The processes that look into uploads: warm, bounded, and nobody's loss when they die."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rivya.files.media import NotMedia
from rivya.files.probe_process import Probers
from rivya.files.probing import MEMORY_BYTES
from tests.files import samples

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "a picture.png"
    path.write_bytes(samples.picture())
    return path


@pytest.fixture
async def probers() -> AsyncIterator[Probers]:
    made = Probers(most=1, within_s=5)
    yield made
    await made.close()


def pid(probers: Probers) -> int:
    return probers._idle[0]._process.pid


async def used(probers: Probers, picture: Path) -> int:
    """Let the process look into one file; return its id."""
    await probers.look_into(picture)
    return pid(probers)


def shown_by_the_kernel(probers: Probers, what: str) -> str:
    return Path(f"/proc/{pid(probers)}/{what}").read_text()


def is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_warm_process_answers_within_milliseconds(probers: Probers, picture: Path) -> None:
    await probers.look_into(picture)
    first = pid(probers)
    began = time.perf_counter()
    for _ in range(20):
        assert (await probers.look_into(picture)).mime_type == "image/png"
    assert pid(probers) == first
    assert (time.perf_counter() - began) / 20 < 0.05


async def test_a_file_that_takes_too_long_is_refused_and_its_process_replaced(picture: Path) -> None:
    probers = Probers(most=1, within_s=1)
    stuck = await used(probers, picture)
    os.kill(stuck, signal.SIGSTOP)
    with pytest.raises(NotMedia, match="too long"):
        await probers.look_into(picture)
    assert is_gone(stuck)
    assert (await probers.look_into(picture)).kind == "image"
    await probers.close()


async def test_a_file_on_which_two_processes_die_is_refused(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(NotMedia, match="breaks"):
        await Probers().look_into(picture)


async def test_a_file_does_not_pay_for_the_death_of_a_used_process(probers: Probers, picture: Path) -> None:
    victim = await used(probers, picture)
    os.kill(victim, signal.SIGSTOP)
    looking = asyncio.create_task(probers.look_into(picture))
    await asyncio.sleep(0.1)
    os.kill(victim, signal.SIGKILL)
    assert (await looking).kind == "image"


async def test_a_process_that_died_while_idle_is_not_asked(probers: Probers, picture: Path) -> None:
    os.kill(await used(probers, picture), signal.SIGKILL)
    await asyncio.sleep(0.2)
    assert (await probers.look_into(picture)).kind == "image"


async def test_a_process_ends_after_its_share_of_files(picture: Path) -> None:
    probers = Probers(most=1, files=2)
    await probers.look_into(picture)
    first = pid(probers)
    await probers.look_into(picture)
    await probers.look_into(picture)
    assert pid(probers) != first
    await probers.close()


async def test_an_idle_process_ends(picture: Path) -> None:
    probers = Probers(most=1, idle_s=0.1)
    await probers.look_into(picture)
    first = pid(probers)
    await asyncio.sleep(0.5)
    assert is_gone(first)
    assert (await probers.look_into(picture)).kind == "image"
    await probers.close()


async def test_who_stops_waiting_leaves_no_process_at_work(probers: Probers, picture: Path) -> None:
    first = await used(probers, picture)
    os.kill(first, signal.SIGSTOP)
    looking = asyncio.create_task(probers.look_into(picture))
    await asyncio.sleep(0.1)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    assert is_gone(first)
    assert (await probers.look_into(picture)).kind == "image"


@LINUX
async def test_the_kernel_holds_a_process_to_its_limits(probers: Probers, picture: Path) -> None:
    await probers.look_into(picture)
    limits = shown_by_the_kernel(probers, "limits")
    found = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()}
    assert found["Max data size"] == str(MEMORY_BYTES)
    assert found["Max file size"] == "0"
    assert found["Max core file size"] == "0"
    assert int(found["Max cpu time"]) <= 30


@LINUX
async def test_a_process_knows_no_secret_of_ours(
    probers: Probers, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIVYA_SECRET_KEY", "not to be told")
    await probers.look_into(picture)
    assert "not to be told" not in shown_by_the_kernel(probers, "environ")


async def test_the_largest_picture_fits_into_the_memory(probers: Probers, tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(samples.picture("PNG", (10_000, 10_000)))
    assert (await probers.look_into(path)).width == 10_000
