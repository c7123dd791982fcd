"""Real Rivya processes for tests: started on loopback, waited for, stopped by pid, never left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

Found = TypeVar("Found")

_ANNOUNCE = """
insert into workers (id, host, pid, heartbeat_at, serves, serves_until)
values ('wkr_nobody', 'nowhere', 0, '-infinity', $1, 'infinity')
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(look: Callable[[], Found | None], *, within_s: float = 20.0, every_s: float = 0.05) -> Found:
    """Return what ``look`` finds, asking until it finds something. Fails the test when the time is over."""
    give_up_at = time.monotonic() + within_s
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < give_up_at, f"not within {within_s} s"
        time.sleep(every_s)


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """Calls one API process with one key."""

    base_url: str
    key: str | None = None

    def call(self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        given = dict(headers or {})
        if self.key is not None:
            given.setdefault("Authorization", f"Bearer {self.key}")
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if content is not None:
            given.setdefault("Content-Type", "application/json")
        url = path if path.startswith("http") else self.base_url + path
        request = urllib.request.Request(url, content, given, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())

    def get(self, path: str, **more: Any) -> Answer:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        return self.call("POST", path, body, **more)

    def generate(self, body: Any, **more: Any) -> Answer:
        return self.post("/api/v1/generations", body, **more)

    def task(self, task: str) -> Any:
        answer = self.get(f"/api/v1/generations/{task}")
        assert answer.status == 200, answer.body
        return answer.json

    def ended(self, task: str, *, within_s: float = 30.0) -> Any:
        """Return the task once it is terminal."""

        def look() -> Any:
            found = self.task(task)
            return found if found["status"] in ("succeeded", "failed") else None

        return eventually(look, within_s=within_s)


@dataclass
class Rivya:
    """Processes of one installation on one database."""

    database_url: str
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start ``rivya ARGUMENTS``; its log lines go to a file in ``folder``."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("RIVYA_", "OTEL_"))},
            "RIVYA_DATABASE_URL": self.database_url,
            "RIVYA_DATA_DIR": str(self.folder / "data"),
            "RIVYA_SCRIPTED_MODELS": "true",
            "RIVYA_PROVIDERS_FILE": str(Path(__file__).parent / "no_engines.toml"),
            "RIVYA_SECRET_KEY": "for tests only",
            # Tests make their providers fail all the time; what comes of that is tests/queue/test_availability.py's.
            "RIVYA_CIRCUIT_FAILURES": "1000000",
            **self.settings,
            **settings,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{arguments[0]}-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "rivya", *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def serve(
        self, *, wait: bool = True, port: int | None = None, **settings: str
    ) -> tuple[subprocess.Popen[bytes], str]:
        """Start an API process; return it and its base URL once it answers."""
        port = port or free_port()
        process = self.start("serve", "--port", str(port), **settings)
        base_url = f"http://127.0.0.1:{port}"
        if wait:
            self.wait_for(base_url, process)
        return process, base_url

    def worker(self, **settings: str) -> subprocess.Popen[bytes]:
        return self.start("worker", **settings)

    def served_by_nobody(self, *routes: str) -> None:
        """Have these routes (``provider.target``) served as far as anybody can tell, without any worker."""

        async def announce() -> None:
            connection = await asyncpg.connect(self.database_url)
            await connection.execute(_ANNOUNCE, list(routes))
            await connection.close()

        asyncio.run(announce())

    def wait_for(self, base_url: str, process: subprocess.Popen[bytes], path: str = "/healthz") -> None:
        def answers() -> bool:
            assert process.poll() is None, self.logs()
            try:
                return Client(base_url).get(path).status == 200
            except OSError:
                return False

        eventually(answers, within_s=60)

    def logs(self) -> str:
        return "\n".join(file.read_text(errors="replace")[-4000:] for file in sorted(self.folder.glob("*.log")))

    def stop(self, process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> None:
        """Stop one process and wait for its end."""
        if process.poll() is None:
            process.send_signal(number)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            self.stop(process)
