"""(g) What a relay of streams costs: ours with all it checks and keeps, one that does nothing, and two gateways.

The relay has one core, the upstream and the load have the other; our PostgreSQL may run on both.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass

import msgspec

from bench.double import FEW, TOKENS
from bench.lab import Lab, load
from bench.peers import running
from bench.peers.install import NotInstalled
from bench.peers.running import LOAD_CORE, NotStarted, Relay
from bench.processes import memory_mb, on_core
from bench.streams import Job, Seen

__all__ = ["FEW", "TOKENS", "Found", "measure"]

AT_ONCE = (1, 32, 256)
PLAIN_AT_ONCE = 32
SECONDS = 3.0
_WARM_S = 0.7
_SETTLE_S = 0.5


@dataclass(frozen=True)
class Flat:
    """Tokens as fast as they are taken."""

    streams: int
    streams_per_second: float
    chunks_per_second: float
    cpu_us: float | None
    """Of the relay's processes, for a chunk."""
    failures: int


@dataclass(frozen=True)
class Paced:
    """Each of the streams has 40 tokens a second; one more reader asks for short answers, now and then."""

    streams: int
    first_p50_ms: float | None
    first_p99_ms: float | None


@dataclass(frozen=True)
class Result:
    name: str
    flat: Sequence[Flat]
    paced: Sequence[Paced]
    plain_per_second: float
    memory_mb: float | None


@dataclass(frozen=True)
class Found:
    results: Sequence[Result]
    """The upstream itself is the first, the bare relay the second, the third is the bare relay with two commits."""
    missing: Sequence[str]
    database_mb: float


def measure(lab: Lab) -> Found:
    """Start every relay, then take each cell from one after the other."""
    lab.empty()
    missing: list[str] = []
    with ExitStack() as stack:
        upstream = stack.enter_context(running.double())
        relays = [running.direct(upstream)]
        starts: list[Callable[[], AbstractContextManager[Relay]]] = [
            lambda: running.bare(upstream),
            lambda: running.bare(upstream, lab),
            lambda: running.rivya(lab, upstream),
            lambda: running.portkey(upstream),
            lambda: running.litellm(lab, upstream),
        ]
        for start in starts:
            try:
                relays.append(stack.enter_context(start()))
            except (NotInstalled, NotStarted) as error:
                missing.append(str(error))
        flat = [[_flat(relay, streams) for relay in relays] for streams in AT_ONCE]
        paced = [[_paced(relay, streams) for relay in relays] for streams in AT_ONCE]
        plain = [_plain(relay) for relay in relays]
        results = [
            Result(
                relay.name,
                [cells[number] for cells in flat],
                [cells[number] for cells in paced],
                plain[number],
                memory_mb(relay.process) if relay.process is not None else None,
            )
            for number, relay in enumerate(relays)
        ]
        database_mb = sum(memory_mb(relay.database) for relay in relays if relay.ours and relay.database is not None)
    return Found(results, missing, database_mb)


def _flat(relay: Relay, streams: int) -> Flat:
    seen = _streams(relay, "flat", streams)
    rate = seen.chunks / seen.seconds
    return Flat(streams, rate / TOKENS, rate, _cpu_us(seen, relay), seen.failures)


def _paced(relay: Relay, streams: int) -> Paced:
    waits = _streams(relay, "paced", streams, probed=True).waits_ms
    if not waits:
        return Paced(streams, None, None)
    return Paced(streams, waits[len(waits) // 2], waits[len(waits) * 99 // 100])


def _streams(relay: Relay, model: str, streams: int, *, probed: bool = False) -> Seen:
    job = Job(
        port=relay.port,
        requests=relay.requests(model, streamed=True),
        probes=relay.requests("short", streamed=True) if probed else [],
        streams=streams,
        warm_s=_WARM_S,
        seconds=SECONDS,
        relay=relay.processes,
    )
    with on_core(LOAD_CORE):
        done = subprocess.run(
            [sys.executable, "-m", "bench.streams"], input=msgspec.json.encode(job), capture_output=True, check=True
        )
    time.sleep(_SETTLE_S)  # what was cut off ends
    seen = msgspec.json.decode(done.stdout, type=Seen)
    if seen.failures:
        print(f"{relay.name}: {seen.failures} failures, the first: {seen.first_failure}", flush=True)
    return seen


def _plain(relay: Relay) -> float:
    with on_core(LOAD_CORE):
        answers = load(
            f"http://127.0.0.1:{relay.port}",
            relay.requests("plain", streamed=False),
            connections=PLAIN_AT_ONCE,
            seconds=SECONDS,
        )
    if set(answers["statuses"]) != {"200"}:
        print(f"{relay.name}: {answers['statuses']}", flush=True)
    return answers["per_second"]


def _cpu_us(seen: Seen, relay: Relay) -> float | None:
    return 1e6 * seen.cpu_s / seen.chunks if relay.processes and seen.chunks else None
