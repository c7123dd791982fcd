"""``rivya up``: the whole of Rivya on one machine, started, watched over and stopped by one process.

It owns the embedded PostgreSQL, the listening socket and the API and worker processes. What dies is started
again. When it is stopped it stops them in order; when it is killed they end by themselves.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import structlog

from rivya import metrics
from rivya.database import migrate
from rivya.installation import installation
from rivya.kit.embedded_postgres import EmbeddedPostgres
from rivya.kit.operator_error import OperatorError
from rivya.settings import Settings

log = structlog.get_logger()

_STOP_S = 25.0
_READY_S = 60.0
_QUICK_DEATH_S = 5.0


class PortTaken(OperatorError):
    """The port is in use: stop the other program, or choose another port with --port."""


class NotReady(OperatorError):
    """Rivya did not become ready; the log lines above say why."""


@dataclass(slots=True)
class _Child:
    name: str
    arguments: Sequence[str]
    pass_fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    quick_deaths: int = 0
    next_start: float = 0.0


@dataclass(slots=True)
class Supervisor:
    """Call ``run`` from the main thread; it returns when it was told to stop and everything has stopped."""

    settings: Settings
    on_ready: Callable[[str], None]
    """Called with the database's DSN once requests are answered."""
    on_message: Callable[[str], None]
    _children: list[_Child] = field(default_factory=list["_Child"])
    _stopping: bool = False

    def run(self) -> None:
        """Raises PortTaken, NotReady, and what installation(), the embedded server and the migrations raise."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        self.settings.signing_key(make=True)
        installation(self.settings)  # what is wrong with catalog or providers is said before anything starts
        listening = self._listen()
        postgres, dsn = self._database()
        alive, lifeline = os.pipe()
        try:
            asyncio.run(migrate(dsn))
            self._children = self._plan(listening, alive)
            environment = self._environment(dsn, alive)
            self._start_missing(environment)
            self._await_ready(postgres, environment)
            if not self._stopping:
                self.on_ready(dsn)
            while not self._stopping:
                self._keep_alive(postgres, environment)
                time.sleep(0.2)
        finally:
            self._stop_children()
            listening.close()
            os.close(lifeline)
            os.close(alive)
            if postgres is not None:
                postgres.stop()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.settings.host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((self.settings.host, self.settings.port))
        except OSError as error:
            listening.close()
            raise PortTaken(f"{self.settings.host}:{self.settings.port}: {error.strerror}") from error
        listening.listen(2048)
        return listening

    def _database(self) -> tuple[EmbeddedPostgres | None, str]:
        if self.settings.database_url is not None:
            return None, self.settings.database_url
        settings = self.settings
        most = settings.database_connections * (settings.api_processes + settings.worker_processes)
        postgres = EmbeddedPostgres(
            settings.data_dir,
            bin_dir=settings.postgres_bin,
            run_as=settings.postgres_user,
            max_connections=max(100, 2 * most + 20),
            on_message=self.on_message,
        )
        return postgres, postgres.start()

    def _plan(self, listening: socket.socket, alive: int) -> list[_Child]:
        serve = ("serve", "--fd", str(listening.fileno()))
        return [
            *(
                _Child(f"api-{number}", serve, (listening.fileno(), alive))
                for number in range(self.settings.api_processes)
            ),
            *(_Child(f"worker-{number}", ("worker",), (alive,)) for number in range(self.settings.worker_processes)),
        ]

    @property
    def _counts(self) -> Path:
        return self.settings.data_dir / "metrics"

    def _environment(self, dsn: str, alive: int) -> dict[str, str]:
        settings = self.settings
        return {
            **os.environ,
            **(metrics.share(self._counts) if settings.metrics_token is not None else {}),
            "RIVYA_DATABASE_URL": dsn,
            "RIVYA_DATA_DIR": str(settings.data_dir.absolute()),
            "RIVYA_HOST": settings.host,
            "RIVYA_PORT": str(settings.port),
            "RIVYA_PARENT_FD": str(alive),
        }

    def _start_missing(self, environment: dict[str, str]) -> None:
        for child in self._children:
            if child.process is None and time.monotonic() >= child.next_start:
                # A session of its own: Ctrl-C reaches only us, and we stop the others in order.
                child.process = subprocess.Popen(
                    [sys.executable, "-m", "rivya", *child.arguments],
                    env=environment,
                    pass_fds=child.pass_fds,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )
                child.started = time.monotonic()

    def _keep_alive(self, postgres: EmbeddedPostgres | None, environment: dict[str, str]) -> None:
        if postgres is not None and not postgres.alive():
            log.error("postgres.died")
            postgres.restart()
            log.info("postgres.restarted")
        for child in self._children:
            if child.process is not None and (code := child.process.poll()) is not None:
                log.error("process.died", process=child.name, code=code)
                quick = time.monotonic() - child.started < _QUICK_DEATH_S
                metrics.died(child.process.pid, self._counts, forget=quick)
                child.process = None
                child.quick_deaths = child.quick_deaths + 1 if quick else 0
                child.next_start = time.monotonic() + min(10.0, 0.2 * 2**child.quick_deaths)
        self._start_missing(environment)

    def _await_ready(self, postgres: EmbeddedPostgres | None, environment: dict[str, str]) -> None:
        give_up_at = time.monotonic() + _READY_S
        while not self._stopping and not self._is_ready():
            if time.monotonic() > give_up_at:
                raise NotReady(NotReady.__doc__)
            self._keep_alive(postgres, environment)
            time.sleep(0.03)

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection(reachable(self.settings.host), self.settings.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _stop_children(self) -> None:
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            if process.poll() is None:
                process.terminate()
        give_up_at = time.monotonic() + _STOP_S
        for process in running:
            try:
                process.wait(max(0.1, give_up_at - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("process.killed", pid=process.pid)
                process.kill()
                process.wait()


def reachable(host: str) -> str:
    """Return the address at which this machine reaches what listens on ``host``."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
