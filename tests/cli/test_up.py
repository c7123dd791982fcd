"""``rivya up``: all of Rivya from one command, and nothing left when it ends, however it ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rivya.kit.embedded_postgres import find_running
from tests.cli.conftest import Ended, environment, run_rivya
from tests.running import Client, eventually, free_port

METRICS_TOKEN = "a token of the tests"
KEY = re.compile(r"rvya_sk_[0-9A-Za-z]{49}")


@dataclass
class Home:
    """A data folder, and the ``rivya up`` that were started on it."""

    folder: Path
    port: int = field(default_factory=free_port)
    started: list[Up] = field(default_factory=list["Up"])

    def up(self) -> Up:
        """Start it, and wait until it says that it is ready."""
        up = Up(self, self.folder.parent / f"up-{len(self.started)}.log")
        self.started.append(up)
        eventually(lambda: "Ctrl-C stops it" in up.said() or up.process.poll() is not None, within_s=60)
        assert up.process.poll() is None, up.said()
        return up

    def processes(self) -> set[int]:
        """Return every process that works for this folder, found by its environment or working folder."""
        mark = str(self.folder).encode()
        return {pid for pid in _all_processes() if mark in _read(pid, "environ") or mark in _where(pid)}


@dataclass
class Up:
    home: Home
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "rivya", "up", "--port", str(self.home.port)],
                env=environment(RIVYA_DATA_DIR=str(self.home.folder), COLUMNS="120", RIVYA_METRICS_TOKEN=METRICS_TOKEN),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def client(self) -> Client:
        """Return a client with a key of the first account."""
        found = KEY.search(self.home.started[0].said())
        assert found, self.home.started[0].said()
        return Client(f"http://127.0.0.1:{self.home.port}", found[0])

    def child(self, command: str) -> int:
        """Return the process id of the child that runs a command of Rivya."""

        def look() -> int | None:
            for pid in _children(self.process.pid):
                if command.encode() in _read(pid, "cmdline").split(b"\0"):
                    return pid
            return None

        return eventually(look)

    def postmaster(self) -> int:
        """Return the process id of the database server."""
        found = [pid for pid in self.home.processes() if b"postgres" in _read(pid, "cmdline").split(b"\0")[0]]
        return min(found, key=lambda pid: _started(pid))

    def stop(self, number: signal.Signals = signal.SIGINT, *, within_s: float = 40) -> None:
        self.process.send_signal(number)
        self.process.wait(within_s)


@pytest.fixture
def home() -> Iterator[Home]:
    """A home of the test's own, where the server's user may pass; nothing of it is left."""
    folder = Path(tempfile.mkdtemp(prefix="rivya-up-"))
    folder.chmod(0o711)
    made = Home(folder / "data")
    yield made
    for up in made.started:
        if up.process.poll() is None:
            up.stop(signal.SIGTERM)
    try:
        eventually(lambda: not made.processes(), within_s=30)
    finally:
        shutil.rmtree(folder)


def runs_a_task(up: Up) -> bool:
    """Return True once a task has been accepted and has succeeded."""
    client = up.client()

    def accepted() -> str | None:
        try:
            answer = client.generate({"model": "scripted"})
        except OSError:
            return None
        return answer.json["id"] if answer.status == 202 else None

    task = eventually(accepted, within_s=60, every_s=0.2)

    def ended() -> str | None:
        try:
            answer = client.get(f"/api/v1/generations/{task}")
        except OSError:
            return None
        return answer.json["status"] if answer.status == 200 and answer.json["status"] in ENDS else None

    return eventually(ended, within_s=60, every_s=0.2) == "succeeded"


ENDS = ("succeeded", "failed")


def test_the_first_start_tells_address_sign_in_and_key_and_the_second_no_key(home: Home) -> None:
    first = home.up()
    assert f"http://127.0.0.1:{home.port}" in first.said()
    assert re.search(r"sign-in\s+operator@localhost\s+\S{16}", first.said())
    assert runs_a_task(first)

    began = time.monotonic()
    first.stop(signal.SIGINT)
    assert time.monotonic() - began < 10
    assert first.process.returncode == 0
    assert home.processes() == set()

    second = home.up()
    assert not KEY.search(second.said())
    assert runs_a_task(second)


def test_what_it_serves_can_be_called_as_soon_as_it_is_ready(home: Home) -> None:
    assert home.up().client().generate({"model": "scripted"}).status == 202


def test_a_second_one_in_the_same_folder_says_so_and_ends(home: Home) -> None:
    home.up()
    ended = run_rivya("up", "--port", str(free_port()), settings={"RIVYA_DATA_DIR": str(home.folder)})
    assert ended.code == 1
    assert str(home.folder) in ended.err
    assert "Traceback" not in ended.err


def test_a_port_that_is_taken_is_said(home: Home) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", home.port))
        other.listen()
        ended = run_rivya("up", "--port", str(home.port), settings={"RIVYA_DATA_DIR": str(home.folder)})
    assert ended.code == 1
    assert str(home.port) in ended.err
    assert "Traceback" not in ended.err


def test_commands_reach_the_running_database_through_the_folder(home: Home) -> None:
    home.up()
    settings = {"RIVYA_DATA_DIR": str(home.folder)}
    made: Ended = run_rivya("accounts", "create", "bob@example.com", settings=settings)
    assert made.code == 0, made.err
    assert run_rivya("credits", "verify", settings=settings).code == 0


def test_nothing_is_left_running_when_it_is_killed_and_it_starts_again(home: Home) -> None:
    first = home.up()
    task = first.client().generate({"model": "scripted", "params": {"delay_s": 3}}).json["id"]
    eventually(lambda: first.client().task(task)["status"] == "processing")
    first.stop(signal.SIGKILL)
    eventually(lambda: not home.processes(), within_s=20)

    second = home.up()
    assert second.client().ended(task, within_s=40)["status"] == "succeeded"


@pytest.fixture(scope="module")
def lasting() -> Iterator[Up]:
    """One ``rivya up`` under which one thing after another is killed."""
    folder = Path(tempfile.mkdtemp(prefix="rivya-up-"))
    folder.chmod(0o711)
    up = Home(folder / "data").up()
    try:
        yield up
    finally:
        up.stop()
        eventually(lambda: not up.home.processes(), within_s=30)
        shutil.rmtree(folder)


def test_what_a_killed_worker_counted_is_not_forgotten(lasting: Up) -> None:
    before = lasting.child("worker")
    assert runs_a_task(lasting)
    assert tasks_counted(lasting) == 1
    eventually(lambda: _age_s(before) > 5.5)
    os.kill(before, signal.SIGKILL)
    assert runs_a_task(lasting)
    assert tasks_counted(lasting) == 2


def tasks_counted(up: Up) -> float:
    answer = Client(f"http://127.0.0.1:{up.home.port}", METRICS_TOKEN).get("/metrics")
    assert answer.status == 200, answer.body
    return sum(
        float(line.rpartition(b" ")[2]) for line in answer.body.splitlines() if line.startswith(b"rivya_tasks_total{")
    )


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_killed_child_comes_back_and_tasks_run(lasting: Up, command: str) -> None:
    before = lasting.child(command)
    os.kill(before, signal.SIGKILL)
    eventually(lambda: lasting.child(command) != before)
    assert runs_a_task(lasting)


def test_a_killed_database_comes_back_and_tasks_run(lasting: Up) -> None:
    before = lasting.postmaster()
    os.kill(before, signal.SIGKILL)
    eventually(lambda: not _read(before, "cmdline"))
    eventually(lambda: find_running(lasting.home.folder))
    assert runs_a_task(lasting)


def test_a_child_told_to_stop_comes_back(lasting: Up) -> None:
    before = lasting.child("worker")
    os.kill(before, signal.SIGTERM)
    eventually(lambda: lasting.child("worker") != before)
    assert runs_a_task(lasting)


def _all_processes() -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            yield int(entry.name)


def _read(pid: int, what: str) -> bytes:
    """Return what /proc tells of a process: nothing when it has ended."""
    try:
        return (Path("/proc") / str(pid) / what).read_bytes()
    except OSError:
        return b""


def _where(pid: int) -> bytes:
    """Return a process's working folder and its command line."""
    try:
        folder = str(Path(f"/proc/{pid}/cwd").readlink()).encode()
    except OSError:
        folder = b""
    return folder + b" " + _read(pid, "cmdline")


def _children(pid: int) -> list[int]:
    return [int(child) for child in _read(pid, f"task/{pid}/children").split()]


def _age_s(pid: int) -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME) - _started(pid) / os.sysconf("SC_CLK_TCK")


def _started(pid: int) -> int:
    """Return when a process started, in ticks since boot."""
    return int(_read(pid, "stat").rsplit(b")", 1)[1].split()[19])
