"""(f) Webhooks: deliveries a second, from a task's end to the receiver, and what one dead endpoint costs the others."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import aiohttp

from bench.lab import Lab
from rivya.kit.clock import utc_now
from rivya.kit.db import open_pool
from rivya.kit.ids import AccountId, new_id
from rivya.webhooks.model import EndpointId
from rivya.webhooks.sealed import Secrets
from rivya.webhooks.signing import new_secret, preview

ENDPOINTS = 100
DELIVERIES = int(os.environ.get("RIVYA_BENCH_DELIVERIES", "10000"))
PACED = int(os.environ.get("RIVYA_BENCH_PACED", "500"))
PACED_PER_SECOND = 50
_IN_FLIGHT = 256
_SETTINGS = {"RIVYA_WEBHOOKS_ALLOW_PRIVATE": "true", "RIVYA_WEBHOOKS_IN_FLIGHT": str(_IN_FLIGHT)}
_SECRETS = Secrets(b"for the bench only")
_ACCEPT = """
select outcome from generation_accept(
    p_account => $1, p_task => $2, p_key_id => null, p_source => 'api', p_model => 'scripted', p_prompt => null,
    p_params => '{}', p_inputs => '[]', p_client_request_id => null, p_credits => 1, p_created_at => now(),
    p_deadline_at => now() + interval '1 hour', p_entrypoint => 'nobody', p_route => '', p_idempotency_key => null,
    p_fingerprint => null, p_response => null, p_account_in_flight => null, p_key_in_flight => null)
"""
_END = """
select generation_end($1, $2, null, 'failed', 0, null,
                      '{"code":"generation_failed","message":"no","reason":"timeout"}', 'failed', $3, $4)
"""


@dataclass(frozen=True)
class Throughput:
    deliveries: int
    per_second: float
    bare_per_second: float
    with_dead_per_second: float


@dataclass(frozen=True)
class Latency:
    deliveries: int
    p50_ms: float
    p99_ms: float


def throughput(lab: Lab) -> Throughput:
    """Let deliveries wait, then start one worker; the time runs from the first request to the last.

    The baseline is one process with a bare aiohttp client that posts the same bodies to the same receiver, as many at
    a time. Then once more, with one of the endpoints taking requests and never answering.
    """
    with _receiver(lab.folder) as (port, journal):
        alive = _delivered(lab, port, journal, dead=False)
        bodies = [line["body"].encode() for line in _lines(journal)]
        bare = asyncio.run(_bare(f"http://127.0.0.1:{port}/bare", bodies))
        with_dead = _delivered(lab, port, journal, dead=True)
    return Throughput(len(bodies), alive, bare, with_dead)


def latency(lab: Lab) -> Latency:
    """End tasks at a steady pace beside an idle worker; the receiver notes when the first bytes of each event came."""
    with _receiver(lab.folder) as (port, journal):
        _endpoints(lab, port, dead=False)
        journal.write_text("")
        with lab.worker(**_SETTINGS):
            _await(lab, "select exists (select from workers where heartbeat_at > now() - interval '1 second')")
            ended = asyncio.run(_paced(lab.dsn))
            _await(lab, "select not exists (select from webhook_deliveries where status = 'pending')")
        came = {line["id"]: line["at"] for line in _lines(journal)}
    waited = sorted(1000 * (came[event] - at) for event, at in ended.items())
    return Latency(len(waited), waited[len(waited) // 2], waited[len(waited) * 99 // 100])


def _delivered(lab: Lab, port: int, journal: Path, *, dead: bool) -> float:
    """Return how many deliveries a second reached the endpoints that live."""
    _endpoints(lab, port, dead=dead)
    lab.fetch(
        """with done as (
               insert into tasks (account_id, id, source, status, model, params, reserved_credits, error, deadline_at,
                                  created_at, updated_at)
               select 'acct_' || n % $1, 'task_' || n, 'api', 'failed', 'scripted', '{}', 0,
                      '{"code":"generation_failed","message":"no","reason":"timeout"}', now(), now(), now()
               from generate_series(1, $2::int) n
               returning account_id, id
           ), events as (
               insert into events (account_id, id, type, task_id, created_at)
               select account_id, time_ordered_id('evt'), 'generation.failed', id, now() from done
               returning account_id, id
           )
           select webhook_deliver(account_id, id, 'generation.failed', now()) from events""",
        ENDPOINTS,
        DELIVERIES,
    )
    lab.fetch("analyze")
    journal.write_text("")
    living = DELIVERIES - DELIVERIES // ENDPOINTS * dead
    with lab.worker(**_SETTINGS):
        _await(lab, f"select count(*) >= {living} from webhook_deliveries where status = 'succeeded'")
    times = [line["at"] for line in _lines(journal)]
    return len(times) / (max(times) - min(times))


def _endpoints(lab: Lab, port: int, *, dead: bool) -> None:
    """Forget what was, and give the first accounts one endpoint each; the first of them may be dead."""
    lab.empty()
    lab.fetch("truncate webhook_endpoints, webhook_deliveries, webhook_attempts, webhook_lanes")
    for number in range(ENDPOINTS):
        account, id, secret = AccountId(f"acct_{number}"), EndpointId(new_id("whend")), new_secret()
        path = "dead" if dead and number == 0 else f"{number}"
        lab.fetch(
            """insert into webhook_endpoints (account_id, id, name, url, event_types, secret, secret_preview,
                                              created_at, updated_at)
               values ($1, $2, 'bench', $3, '{generation.succeeded,generation.failed}', $4, $5, now(), now())""",
            *(account, id, f"http://127.0.0.1:{port}/{path}"),
            *(_SECRETS.seal(secret, account=account, endpoint=id), preview(secret)),
        )


async def _paced(dsn: str) -> dict[str, float]:
    """End tasks; return the moment before each was."""
    ended: dict[str, float] = {}
    async with open_pool(dsn, size=4) as pool:

        async def end(number: int) -> None:
            account, task, event = AccountId(f"acct_{number % ENDPOINTS}"), new_id("task"), new_id("evt")
            assert await pool.fetchval(_ACCEPT, account, task) == "accepted"
            await asyncio.sleep(2 + number / PACED_PER_SECOND)
            ended[event] = time.time()
            assert await pool.fetchval(_END, account, task, event, utc_now())

        await asyncio.gather(*(end(number) for number in range(PACED)))
    return ended


async def _bare(url: str, bodies: list[bytes]) -> float:
    left = iter(bodies)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=_IN_FLIGHT)) as session:

        async def post() -> None:
            for body in left:
                async with session.post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
                    await answer.read()

        began = time.perf_counter()
        await asyncio.gather(*(post() for _ in range(_IN_FLIGHT)))
        return len(bodies) / (time.perf_counter() - began)


def _await(lab: Lab, question: str) -> None:
    give_up_at = time.monotonic() + 600
    while not lab.fetch(question)[0][0]:
        assert time.monotonic() < give_up_at, question
        time.sleep(0.2)


def _lines(journal: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    return [line for line in lines if line["path"] not in ("/dead", "/bare")]


@contextmanager
def _receiver(folder: Path) -> Iterator[tuple[int, Path]]:
    """Run a receiver in a process of its own; yield its port, and the file in which it notes what came."""
    journal = folder / "webhooks.jsonl"
    journal.write_text("")
    context = get_context("spawn")
    theirs, ours = context.Pipe()
    process = context.Process(target=_receive, args=(journal, theirs))
    process.start()
    try:
        yield ours.recv(), journal
    finally:
        ours.send("stop")
        process.join(30)


def _receive(journal: Path, told: Any) -> None:
    asyncio.run(_receive_until_told(journal, told))


async def _receive_until_told(journal: Path, told: Any) -> None:
    with journal.open("a", buffering=1) as notes:

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while True:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                    at = time.time()
                    lines = head.split("\r\n")
                    headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:-2])}
                    body = await reader.readexactly(int(headers["content-length"]))
                    path = lines[0].split(" ")[1]
                    note = {"at": at, "path": path, "id": headers.get("webhook-id"), "body": body.decode()}
                    notes.write(json.dumps(note) + "\n")
                    if path == "/dead":
                        await reader.read()  # until the other side gives up
                        return
                    writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            finally:
                writer.close()

        async with _serving(talk) as port:
            told.send(port)
            with ThreadPoolExecutor(1) as thread:
                await asyncio.get_running_loop().run_in_executor(thread, told.recv)


@asynccontextmanager
async def _serving(talk: Any) -> AsyncGenerator[int]:
    server = await asyncio.start_server(talk, "127.0.0.1", 0, backlog=1024)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
