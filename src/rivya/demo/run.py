"""Start Rivya, make an account and a key, make one of everything, check the books, stop."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from rivya.demo.calls import Caller, CallFailed

_EMAIL = "demo@example.com"
_CREDITS = 100
_START_S = 90
_TASK_S = 300
_OUTPUT = Path("demo-output")


class DemoFailed(Exception):
    """Something did not go as it should."""


def run_demo(console: Console, *, output: Path = _OUTPUT) -> None:
    """Run the demo in a data folder of its own, removed at the end. Raises DemoFailed or CallFailed."""
    began = time.monotonic()
    output.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rivya-demo-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # root's database server runs as another user, who must get through
        port = _free_port()
        console.rule("Start")
        with _rivya(console, folder, port):
            _tour(console, folder, f"http://127.0.0.1:{port}", output)
        console.rule("Stop")
    console.print(f"Rivya has stopped. What it made is in {output}/. {time.monotonic() - began:.0f} s in all.")


def _tour(console: Console, folder: Path, base_url: str, output: Path) -> None:
    def rivya(*arguments: str) -> str:
        return _command(console, folder, arguments)

    rivya("accounts", "create", _EMAIL, "--credits", str(_CREDITS))
    key = json.loads(_command(console, folder, ("keys", "create", "--account", _EMAIL, "--json"), show_answer=False))
    console.print(f"The key {key['prefix']}... is in $RIVYA_KEY from here on.\n")
    calls = Caller(console, key["key"])
    make = _Maker(console, calls, base_url, output)

    console.rule("A picture")
    console.print(
        "z-image has no weights on this machine: the built-in rivya-sketch, a procedural renderer, stands in for it.",
        style="yellow",
    )
    picture = make("picture.png", {"model": "z-image", "prompt": "Editorial product photo on a clean studio set"})
    console.rule("A spoken sentence")
    make("speech.mp3", {"model": "rivya-voice", "prompt": "Rivya is running on this machine. The picture is ready."})
    console.rule("A clip of four seconds")
    make(
        "clip.mp4", {"model": "rivya-motion", "prompt": "A sailboat on the sea at sunset", "params": {"duration": "4"}}
    )
    console.rule("A picture made larger")
    reference = {"url": picture["result"]["primary_url"], "kind": "image"}
    make(
        "picture-large.png",
        {"model": "rivya-upscale", "params": {"scale": "2", "referenceMediaItems": [reference]}},
    )
    console.rule("A chat answer, as it is made")
    console.print("The built-in language model is very small: fluent, and often wrong. The Chat API is not built yet.")
    _stream(console, folder, ("engines", "chat", "What is the capital of France?"))

    console.rule("Credits")
    console.print(f"Before: {_CREDITS} credits.")
    rivya("credits", "statement", _EMAIL)
    if "ledger verified" not in rivya("credits", "verify"):
        raise DemoFailed("the ledger does not add up")


class _Maker:
    def __init__(self, console: Console, calls: Caller, base_url: str, output: Path) -> None:
        self._console = console
        self._calls = calls
        self._base_url = base_url
        self._output = output

    def __call__(self, file: str, body: dict[str, Any]) -> Any:
        """Submit, poll to the end, save the first result; return the task."""
        url = f"{self._base_url}/api/v1/generations"
        task = self._calls(url, body=body, headers={"Idempotency-Key": f"demo-{file}"})
        task = self._poll(f"{url}/{task['id']}")
        if task["status"] != "succeeded":
            raise DemoFailed(f"{file}: {task['error']['message']}")
        saved = self._output / file
        self._calls.save(task["result"]["primary_url"], saved)
        self._console.print(
            f"{saved}: {saved.stat().st_size:,} bytes, {task['final_credits']} credits\n", style="green"
        )
        return task

    def _poll(self, url: str) -> Any:
        give_up_at = time.monotonic() + _TASK_S
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as progress:
            bar = progress.add_task("queued", total=100)
            while time.monotonic() < give_up_at:
                task = self._calls(url, show=False)
                progress.update(bar, description=task["status"], completed=task["progress"] or 0)
                if task["status"] in ("succeeded", "failed"):
                    break
                time.sleep(0.2)
        return self._calls(url)


@contextmanager
def _rivya(console: Console, folder: Path, port: int) -> Generator[None]:
    log = folder / "rivya.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "rivya", "up", "--port", str(port)],
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with console.status("Starting PostgreSQL, the API, a worker and the built-in engines"):
            _await_ready(process, port, log)
        console.print(f"Rivya is running at http://127.0.0.1:{port}\n")
        yield
    finally:
        process.send_signal(signal.SIGINT)
        with console.status("Stopping"):
            process.wait(60)


def _await_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up_at = time.monotonic() + _START_S
    while "Ctrl-C stops it" not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > give_up_at:
            raise DemoFailed(f"Rivya did not start on port {port}:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def _command(console: Console, folder: Path, arguments: Sequence[str], *, show_answer: bool = True) -> str:
    console.print(f"$ rivya {' '.join(arguments)}", style="bold", markup=False, highlight=False)
    done = subprocess.run(
        [sys.executable, "-m", "rivya", *arguments],
        env=_environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise DemoFailed(done.stderr.strip() or done.stdout.strip())
    if show_answer:
        console.print(done.stdout, markup=False, highlight=False)
    return done.stdout


def _stream(console: Console, folder: Path, arguments: Sequence[str]) -> None:
    console.print(f"$ rivya {' '.join(arguments)}", style="bold", markup=False, highlight=False)
    console.file.flush()
    if subprocess.run([sys.executable, "-m", "rivya", *arguments], env=_environment(folder), check=False).returncode:
        raise DemoFailed("the language model did not answer")
    console.print()


def _environment(folder: Path) -> dict[str, str]:
    """Return this process's environment with the demo's data folder, and without an installation's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RIVYA_")}
    return {**kept, "RIVYA_DATA_DIR": str(folder / "data"), "RIVYA_ENVIRONMENT": "development"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def demo_command() -> int:
    """Run the demo and say what went wrong, if anything; return the exit code."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
    try:
        run_demo(console)
    except (DemoFailed, CallFailed) as error:
        console.print(f"The demo stopped: {error}", style="red", markup=False)
        return 1
    return 0
