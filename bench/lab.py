"""What a measurement needs: a server with accounts, API processes on one port, loads, pgbench."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rivya.database import migrate
from rivya.keys.model import SCOPES
from rivya.keys.secret import hash_secret, new_secret, visible_prefix
from rivya.kit.db import open_pool
from rivya.kit.embedded_postgres import EmbeddedPostgres
from rivya.kit.embedded_postgres.binaries import find_binaries

WALLETS = 2_000
_NO_ENGINES = Path(__file__).parent.parent / "tests" / "no_engines.toml"


@dataclass(frozen=True)
class Lab:
    folder: Path
    postgres: EmbeddedPostgres
    dsn: str
    secrets: list[str]
    """One key an account, ``acct_0`` to ``acct_1999``; each has a billion credits."""

    @contextmanager
    def api(self, *, processes: int, **settings: str) -> Iterator[str]:
        """Serve on one port with so many processes; yield the base URL."""
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen(2048)
            started = [
                self._start(["serve", "--fd", str(listening.fileno())], pass_fds=(listening.fileno(),), **settings)
                for _ in range(processes)
            ]
            try:
                base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
                await_answer(f"{base_url}/healthz")
                yield base_url
            finally:
                stop(started)

    @contextmanager
    def worker(self, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        started = self._start(["worker"], **settings)
        try:
            yield started
        finally:
            stop([started])

    def fetch(self, query: str, *values: Any) -> list[Any]:
        async def run() -> list[Any]:
            async with open_pool(self.dsn, size=1) as pool:
                return await pool.fetch(query, *values, timeout=600)

        return asyncio.run(run())

    def pgbench(self, script: str, *, clients: int, seconds: float) -> float:
        """Return the transactions a second that pgbench makes of a script."""
        file = self.folder / "pgbench.sql"
        file.write_text(script)
        host = self.dsn.split("host=")[1].split("&")[0].replace("%2F", "/")
        command = [
            str(find_binaries(None).bin_dir / "pgbench"),
            *("-n", "-M", "prepared", "-h", host, "-p", "5432", "-U", "rivya"),
            *("-c", str(clients), "-j", "1", "-T", str(int(seconds)), "-f", str(file), "rivya"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = re.search(r"tps = ([\d.]+)", done.stdout)
        assert found is not None, done.stdout
        return float(found[1])

    def empty(self) -> None:
        """Forget tasks and jobs, so that one cell does not slow the next."""
        self.fetch(
            "truncate tasks, attempts, events, idempotency_keys, reservations, key_usage, pgqueuer, pgqueuer_log"
        )
        self.fetch("update lots set available = available + reserved, reserved = 0")
        self.fetch("update wallets set available = available + reserved, reserved = 0, open_reservations = 0")

    def _start(self, arguments: list[str], *, pass_fds: Iterable[int] = (), **settings: str) -> subprocess.Popen[bytes]:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RIVYA_")},
            "RIVYA_DATABASE_URL": self.dsn,
            "RIVYA_DATA_DIR": str(self.folder / "data"),
            "RIVYA_SECRET_KEY": "for the bench only",
            "RIVYA_SCRIPTED_MODELS": "true",
            "RIVYA_PROVIDERS_FILE": str(_NO_ENGINES),
            "RIVYA_LOG_LEVEL": "warning",
            # What limits one caller is not what is measured.
            "RIVYA_ACCOUNT_REQUESTS_A_MINUTE": "10000000",
            "RIVYA_ACCOUNT_IN_FLIGHT": "10000000",
            **settings,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "rivya", *arguments],
            env=environment,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
        )


@contextmanager
def open_lab() -> Iterator[Lab]:
    """Start a server with 2,000 accounts; everything is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="rivya-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with EmbeddedPostgres(folder / "data", max_connections=200, system_dir=folder) as postgres:
            dsn = postgres.start()
            asyncio.run(migrate(dsn))
            secrets = [new_secret() for _ in range(WALLETS)]
            lab = Lab(folder, postgres, dsn, secrets)
            lab.fetch(
                """insert into accounts (id, email)
                   select 'acct_' || n, n || '@example.com' from generate_series(0, $1::int) n""",
                WALLETS - 1,
            )
            lab.fetch(
                """select wallet_grant('acct_' || n, 'first', 'grant', 1000000000, null, '', now())
                   from generate_series(0, $1::int) n""",
                WALLETS - 1,
            )
            lab.fetch(
                """insert into api_keys (account_id, id, name, prefix, secret_hash, scopes)
                   select 'acct_' || ord - 1, 'key_' || ord - 1, 'bench', prefix, hash, $3
                   from unnest($1::text[], $2::bytea[]) with ordinality k(prefix, hash, ord)""",
                [visible_prefix(secret) for secret in secrets],
                [hash_secret(secret) for secret in secrets],
                list(SCOPES),
            )
            # The submits are measured without a worker: somebody must be known to serve what they ask for.
            lab.fetch(
                """insert into workers (id, host, pid, heartbeat_at, serves, serves_until)
                   values ('wkr_nobody', 'nowhere', 0, '-infinity', '{scripted.scripted}', 'infinity')"""
            )
            lab.fetch("analyze")
            yield lab


def load(base_url: str, requests: Iterable[bytes], *, connections: int, seconds: float) -> dict[str, Any]:
    """Send requests in turn from a process of its own; return what bench/load.py prints."""
    packed = b"".join(len(request).to_bytes(4) + request for request in requests)
    done = subprocess.run(
        [sys.executable, "-m", "bench.load", base_url, "--connections", str(connections), "--seconds", str(seconds)],
        input=packed,
        stdout=subprocess.PIPE,  # what went wrong is for who reads along
        check=True,
    )
    return json.loads(done.stdout)


def http_request(method: str, path: str, *, key: str | None = None, body: bytes = b"", **headers: str) -> bytes:
    """Return a raw HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench"]
    if key is not None:
        lines.append(f"Authorization: Bearer {key}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if method == "POST":
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_answer(url: str) -> None:
    """Return once the URL answers 200. Fails after a minute."""
    give_up_at = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                if answer.status == 200:
                    return
        except OSError:
            assert time.monotonic() < give_up_at
            time.sleep(0.05)


def stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """Stop processes that were started, and wait for their ends."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        process.wait(30)
