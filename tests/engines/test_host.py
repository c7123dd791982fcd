"""The engine host with real processes. The engines here do nothing but what a test needs."""

from __future__ import annotations

import asyncio
import itertools
import mmap
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from rivya.engines import registry
from rivya.engines.base import Artifact, ChatMessage, ChatUsage, Emit, EngineError, InvalidInput, Job, Progress
from rivya.engines.host import (
    EngineBusy,
    EngineDied,
    EngineHost,
    EngineNotInstalled,
    EngineNotLoaded,
    EngineTimeout,
)
from rivya.engines.registry import Entry

ROOT = Path(__file__).parents[2]


class Fake:
    """Does what ``params["do"]`` says, then writes its pid and when it worked."""

    def run(self, job: Job, progress: Progress) -> list[Artifact]:
        started = time.monotonic()
        match job.params["do"]:
            case "write":
                progress(10)
                time.sleep(0.15)
                progress(90)
            case "sleep":
                time.sleep(60)
            case "crash":
                os.kill(os.getpid(), signal.SIGKILL)
            case "say and crash":
                print("the last words", flush=True)
                os._exit(3)
            case "hog":
                hog = [bytearray(b"x" * 10_000_000) for _ in range(100)]
                del hog
            case "map":
                with mmap.mmap(-1, 600_000_000) as hog:
                    for start in range(0, 600_000_000, 4096):
                        hog[start] = 1
                    time.sleep(60)
            case "print":
                os.write(1, b"\x00\x00\x00\x05hello" * 100_000)
                os.write(2, b"and more")
            case "refuse":
                raise InvalidInput("prompt: there is nothing in it")
            case "break":
                raise ZeroDivisionError("the secret of the engine")
            case "stray":
                return [Artifact(Path("/etc/passwd"), "text/plain")]
            case _:
                pass
        path = job.out_dir / "made.txt"
        path.write_text(f"{os.getpid()} {started} {time.monotonic()} {job.prompt}")
        return [Artifact(path, "text/plain")]


class FakeChat:
    """Says "piece " for ever, or as often as it may."""

    def chat(self, messages: Sequence[ChatMessage], *, max_tokens: int, emit: Emit) -> ChatUsage:
        if messages[-1].content == "refuse":
            raise InvalidInput("messages: too long")
        made = 0
        while made < max_tokens:
            made += 1
            if not emit("piece ", ChatUsage(os.getpid(), made)):
                break
            if messages[-1].content == "slowly":
                time.sleep(0.01)
        return ChatUsage(os.getpid(), made, "length" if made == max_tokens else "stop")


class Unloadable:
    def __init__(self) -> None:
        raise OSError("no weights")


HERE = "tests.engines.test_host"
TABLE = {
    "fake": Entry(f"{HERE}:Fake", ("json",), 400),
    "other": Entry(f"{HERE}:Fake", ("json",), 400),
    "chat": Entry(f"{HERE}:FakeChat", (), 400, "chat"),
    "unloadable": Entry(f"{HERE}:Unloadable", (), 400),
    "absent": Entry("nowhere:Nothing", ("no_such_module_anywhere",), 400),
}


@pytest.fixture
async def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EngineHost]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    made = EngineHost(work_dir=tmp_path / "work", table=TABLE, max_waiting=4)
    yield made
    await made.close()


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    def make(do: str, prompt: str = "") -> Job:
        folder = tmp_path / "jobs" / f"{do} {prompt} {time.monotonic_ns()}"
        folder.mkdir(parents=True)
        return Job("job", folder, prompt, {"do": do})

    return make


def pid(made: list[Artifact]) -> int:
    return int(made[0].path.read_text().split()[0])


def is_gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")")[-1].split()[0] == "Z"
    except OSError:
        return True


async def soon(fact: Callable[[], bool], within_s: float = 5.0) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if fact():
            return True
        await asyncio.sleep(0.02)
    return False


async def test_a_job_returns_its_files_and_tells_its_progress(host: EngineHost, job: Callable[..., Job]) -> None:
    seen: list[int] = []
    (made,) = await host.run("fake", job("write", "hello"), seen.append)
    assert made.mime_type == "text/plain"
    assert made.path.read_text().endswith("hello")
    assert seen == [10, 90]


async def test_jobs_of_one_engine_run_one_at_a_time_in_order_in_one_process(
    host: EngineHost, job: Callable[..., Job]
) -> None:
    made = await asyncio.gather(*[host.run("fake", job("write", str(number))) for number in range(4)])
    told = [files[0].path.read_text().split() for files in made]
    assert len({words[0] for words in told}) == 1
    assert [words[3] for words in told] == ["0", "1", "2", "3"]
    for earlier, later in itertools.pairwise(told):
        assert float(earlier[2]) <= float(later[1])


async def test_a_crash_costs_one_job_and_the_next_has_a_new_process(host: EngineHost, job: Callable[..., Job]) -> None:
    first = pid(await host.run("fake", job("write")))
    crashing = asyncio.create_task(host.run("fake", job("crash")))
    waiting = asyncio.create_task(host.run("fake", job("write")))
    elsewhere = asyncio.create_task(host.run("other", job("write")))
    with pytest.raises(EngineDied):
        await crashing
    assert pid(await waiting) != first
    await elsewhere


async def test_a_process_that_died_while_idle_is_replaced(host: EngineHost, job: Callable[..., Job]) -> None:
    first = pid(await host.run("fake", job("write")))
    os.kill(first, signal.SIGKILL)
    assert await soon(lambda: is_gone(first))
    await asyncio.sleep(0.1)  # its threads may end after it
    assert pid(await host.run("fake", job("write"))) != first


async def test_last_words_go_to_the_log_and_not_into_the_error(
    host: EngineHost, job: Callable[..., Job], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(EngineDied) as died:
        await host.run("fake", job("say and crash"))
    assert "last words" not in str(died.value)
    assert "the last words" in "".join(capsys.readouterr())


@pytest.mark.parametrize("how", ["hog", "map"])
async def test_a_process_that_takes_too_much_memory_is_stopped(
    host: EngineHost, job: Callable[..., Job], how: str
) -> None:
    with pytest.raises(EngineDied, match="memory"):
        await host.run("fake", job(how))
    await host.run("fake", job("write"))


async def test_a_cancelled_running_job_ends_its_process(host: EngineHost, job: Callable[..., Job]) -> None:
    first = pid(await host.run("fake", job("write")))
    running = asyncio.create_task(host.run("fake", job("sleep")))
    await asyncio.sleep(0.2)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await soon(lambda: is_gone(first))
    assert pid(await host.run("fake", job("write"))) != first


async def test_a_cancelled_waiting_job_is_dropped_and_disturbs_nobody(
    host: EngineHost, job: Callable[..., Job]
) -> None:
    first = asyncio.create_task(host.run("fake", job("write", "first")))
    second = asyncio.create_task(host.run("fake", never := job("write", "second")))
    third = asyncio.create_task(host.run("fake", job("write", "third")))
    await asyncio.sleep(0.05)
    second.cancel()
    assert pid(await first) == pid(await third)
    assert second.cancelled()
    assert list(never.out_dir.iterdir()) == []


async def test_a_job_past_its_deadline_is_killed(host: EngineHost, job: Callable[..., Job]) -> None:
    await host.warm("fake")
    began = time.monotonic()
    with pytest.raises(EngineTimeout):
        await host.run("fake", job("sleep"), deadline_s=0.3)
    assert time.monotonic() - began < 3
    await host.run("fake", job("write"))


async def test_a_job_whose_turn_does_not_come_in_time_leaves_the_other_alone(
    host: EngineHost, job: Callable[..., Job]
) -> None:
    first = asyncio.create_task(host.run("fake", job("write")))
    await asyncio.sleep(0)
    with pytest.raises(EngineTimeout):
        await host.run("fake", job("write"), deadline_s=0.01)
    await first


async def test_more_jobs_than_may_wait_are_refused(host: EngineHost, job: Callable[..., Job]) -> None:
    tasks = [asyncio.create_task(host.run("fake", job("write", str(number)))) for number in range(6)]
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in ended if not isinstance(one, list)] == [EngineBusy]


async def test_what_a_library_prints_is_not_taken_for_an_answer(host: EngineHost, job: Callable[..., Job]) -> None:
    first = pid(await host.run("fake", job("print")))
    assert pid(await host.run("fake", job("write"))) == first


async def test_a_refused_job_keeps_its_message_and_the_process(host: EngineHost, job: Callable[..., Job]) -> None:
    first = pid(await host.run("fake", job("write")))
    with pytest.raises(InvalidInput, match="prompt: there is nothing in it"):
        await host.run("fake", job("refuse"))
    assert pid(await host.run("fake", job("write"))) == first


async def test_a_failed_job_tells_why_in_the_log_alone(
    host: EngineHost, job: Callable[..., Job], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(EngineError) as failed:
        await host.run("fake", job("break"))
    assert not isinstance(failed.value, EngineDied | InvalidInput)
    assert "secret" not in str(failed.value)
    assert "the secret of the engine" in "".join(capsys.readouterr())
    await host.run("fake", job("write"))


async def test_a_file_outside_the_jobs_folder_is_not_returned(host: EngineHost, job: Callable[..., Job]) -> None:
    with pytest.raises(EngineError, match="folder"):
        await host.run("fake", job("stray"))


async def test_an_engine_that_does_not_load_is_an_end_not_a_hang(host: EngineHost, job: Callable[..., Job]) -> None:
    with pytest.raises(EngineNotLoaded, match="unloadable"):
        await host.run("unloadable", job("write"))


async def test_an_engine_whose_loading_took_too_long_may_be_loadable(host: EngineHost, job: Callable[..., Job]) -> None:
    with pytest.raises(EngineTimeout) as late:
        await host.run("fake", job("write"), deadline_s=0.01)
    assert not isinstance(late.value, EngineNotLoaded)


async def test_an_absent_engine_says_what_to_install(host: EngineHost, job: Callable[..., Job]) -> None:
    with pytest.raises(EngineNotInstalled, match=r"no_such_module_anywhere: install rivya\[engines\]"):
        await host.run("absent", job("write"))
    with pytest.raises(EngineNotInstalled):
        await host.run("unheard-of", job("write"))
    assert not registry.installed("absent", TABLE)
    assert not registry.installed("unheard-of", TABLE)
    assert registry.installed("fake", TABLE)


async def test_a_chat_is_read_to_its_end(host: EngineHost) -> None:
    async with host.chat("chat", [ChatMessage("user", "hello")], max_tokens=3) as run:
        assert [piece async for piece in run.pieces()] == ["piece "] * 3
        usage = await run.finish()
    assert (usage.output_tokens, usage.finish_reason) == (3, "length")


async def test_a_chat_stopped_early_tells_what_was_made_and_keeps_the_process(host: EngineHost) -> None:
    async with host.chat("chat", [ChatMessage("user", "slowly")], max_tokens=100_000) as run:
        async for _ in run.pieces():
            break
        usage = await run.finish()
        assert [piece async for piece in run.pieces()] == []
    assert 1 <= usage.output_tokens < 100
    async with host.chat("chat", [ChatMessage("user", "hello")], max_tokens=1) as again:
        assert (await again.finish()).input_tokens == usage.input_tokens  # the fake puts its pid here


async def test_a_reader_that_pauses_makes_the_engine_wait(host: EngineHost) -> None:
    async with host.chat("chat", [ChatMessage("user", "hello")], max_tokens=10_000_000) as run:
        await anext(run.pieces())
        await asyncio.sleep(0.5)
        usage = await run.finish()
    assert usage.output_tokens < 200_000


async def test_a_cancelled_chat_stops_and_keeps_the_process(host: EngineHost) -> None:
    runs = []

    async def read() -> None:
        async with host.chat("chat", [ChatMessage("user", "slowly")], max_tokens=100_000) as run:
            runs.append(run)
            async for _ in run.pieces():
                pass

    reading = asyncio.create_task(read())
    assert await soon(lambda: bool(runs))
    await asyncio.sleep(0.1)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    async with host.chat("chat", [ChatMessage("user", "hello")], max_tokens=1) as again:
        assert (await again.finish()).input_tokens == runs[0].usage.input_tokens


async def test_a_chat_that_is_left_early_has_its_usage(host: EngineHost) -> None:
    async with host.chat("chat", [ChatMessage("user", "slowly")], max_tokens=100_000) as run:
        await anext(run.pieces())
    assert run.usage is not None
    assert run.usage.output_tokens >= 1


async def test_a_refused_chat_says_why_and_keeps_the_process(host: EngineHost) -> None:
    async with host.chat("chat", [ChatMessage("user", "refuse")], max_tokens=3) as run:
        with pytest.raises(InvalidInput, match="messages: too long"):
            await run.finish()
    async with host.chat("chat", [ChatMessage("user", "hello")], max_tokens=1) as run:
        await run.finish()


async def test_a_killed_chat_is_told_to_its_reader(host: EngineHost) -> None:
    async with host.chat("chat", [ChatMessage("user", "slowly")], max_tokens=100_000, deadline_s=2) as run:
        with pytest.raises(EngineTimeout):
            async for _ in run.pieces():
                pass
        with pytest.raises(EngineTimeout):
            await run.finish()
    assert run.usage is not None  # what was made until then
    assert run.usage.output_tokens >= 1
    assert run.usage.finish_reason is None


async def test_close_ends_every_process_and_the_jobs_in_them(host: EngineHost, job: Callable[..., Job]) -> None:
    first = pid(await host.run("fake", job("write")))
    running = asyncio.create_task(host.run("fake", job("sleep")))
    waiting = asyncio.create_task(host.run("fake", job("write")))
    await host.warm("other")
    await host.close()
    ended = await asyncio.gather(running, waiting, return_exceptions=True)
    assert [type(one) for one in ended] == [EngineDied, EngineDied]
    assert is_gone(first)


PARENT = f"""
import asyncio, sys
from pathlib import Path
from rivya.engines.base import Job
from rivya.engines.host import EngineHost
from {HERE} import TABLE

async def main():
    out = Path(sys.argv[1])
    host = EngineHost(work_dir=out, table=TABLE)
    await host.run("fake", Job("one", out, params={{"do": "write"}}))
    await host.run("fake", Job("two", out, params={{"do": "sleep"}}))

asyncio.run(main())
"""


async def test_a_killed_host_leaves_no_process(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(tmp_path), env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    made = tmp_path / "made.txt"
    assert await soon(lambda: made.exists() and made.read_text() != "", within_s=20)
    child = int(made.read_text().split()[0])
    assert not is_gone(child)
    parent.kill()
    await parent.wait()
    assert await soon(lambda: is_gone(child))
