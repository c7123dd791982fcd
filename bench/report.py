"""The tables of RESULTS.md."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from bench import chat, jobs, pages, reads, start, submits, webhooks

_HEAD = """# Measured

Written by `make bench`. Load generator, API, worker and PostgreSQL share the machine's cores, and the machine is
shared with others: read the ratios, which compare with a baseline of the same run, and read no difference below a
factor of 1.5. Every commit is durable (`fsync` and `synchronous_commit` are on).
"""


class Report:
    def __init__(self, machine: Sequence[str]) -> None:
        self._parts = [_HEAD, "\n".join(f"- {fact}" for fact in machine)]

    def text(self) -> str:
        return "\n\n".join(part.strip() for part in self._parts) + "\n"

    def disk(self, folder: Path) -> None:
        """Note what one fsync costs here: it bounds every unbatched commit."""
        file = os.open(folder / "fsync", os.O_CREAT | os.O_WRONLY)
        began = time.perf_counter()
        for _ in range(100):
            os.pwrite(file, b"x" * 8192, 0)
            os.fdatasync(file)
        self._parts[1] += f"\n- one fdatasync of 8 kB: {10 * (time.perf_counter() - began):.2f} ms"
        os.close(file)

    def submits(self, baselines: dict[str, float], cells: list[submits.Cell]) -> None:
        self._add(
            "(a) Submits through HTTP",
            "Each with its own `Idempotency-Key`, a key check, a durable reserve, task and job. Baseline: pgbench, "
            f"32 clients, calling the same function once a transaction: {baselines['many']:.0f}/s over {_wallets()} "
            f"wallets, {baselines['one']:.0f}/s on one. Aim: 1.0 on many wallets, 3 on one.",
            ("wallets", "API processes", "connections", "submits/s", "p50 ms", "p99 ms", "of baseline"),
            [
                (
                    c.wallets,
                    c.processes,
                    c.connections,
                    f"{c.per_second:.0f}",
                    f"{c.p50_ms:.1f}",
                    f"{c.p99_ms:.1f}",
                    f"{c.ratio:.2f}",
                )
                for c in cells
            ],
            "The limit is CPU: the Python of the API process, then PostgreSQL's work for the rows of a submit. "
            "Unbatched, it is the fsync and NOTIFY's lock, which PostgreSQL holds through the commit.",
        )

    def reads(self, cells: list[reads.Cell]) -> None:
        self._add(
            "(b) Status reads",
            "One API process; a signed link is made in each answer. Baseline: the same server's `/healthz`. Aim: 0.5.",
            ("connections", "bare/s", "reads/s", "p50 ms", "p99 ms", "of baseline"),
            [
                (
                    c.connections,
                    f"{c.bare_per_second:.0f}",
                    f"{c.reads_per_second:.0f}",
                    f"{c.p50_ms:.1f}",
                    f"{c.p99_ms:.1f}",
                    f"{c.ratio:.2f}",
                )
                for c in cells
            ],
            "The limit is the API process's CPU: the framework's share is the bare route's.",
        )

    def throughput(self, found: jobs.Throughput) -> None:
        self._add(
            "(c) Jobs through one worker",
            "Instant provider; each job is picked, recorded as an attempt, answered with a picture that is decoded and "
            "stored, and settled. Baseline: pgqueuer alone with a handler that does nothing.",
            ("jobs", "jobs/s", "pgqueuer alone/s", "of baseline"),
            [(found.jobs, f"{found.per_second:.0f}", f"{found.pgqueuer_alone_per_second:.0f}", f"{found.ratio:.2f}")],
            "The limit is CPU of the worker process (statements, media probing in threads) shared with PostgreSQL.",
        )

    def latency(self, found: jobs.Latency) -> None:
        self._add(
            "(d) From submit to the provider's call",
            f"{found.submits} submits at {jobs.PACED_PER_SECOND} a second to an idle worker, from before the HTTP "
            "request to inside the provider's adapter.",
            ("p50 ms", "p99 ms"),
            [(f"{found.p50_ms:.1f}", f"{found.p99_ms:.1f}")],
            "Two durable commits (accept, begin) and one NOTIFY lie between.",
        )

    def webhooks(self, found: webhooks.Throughput, waited: webhooks.Latency) -> None:
        self._add(
            "(f) Webhooks",
            f"One worker, {found.deliveries:,} deliveries to {webhooks.ENDPOINTS} endpoints, each signed, recorded "
            "with its attempt, at most 8 at a time to one endpoint. Baseline: a bare aiohttp client posting the same "
            f"bodies to the same receiver, as many at a time: {found.bare_per_second:.0f}/s. Latency: "
            f"{waited.deliveries} tasks ended at {webhooks.PACED_PER_SECOND} a second beside an idle worker, from just "
            "before to the first byte at the receiver. Aim: p50 50 ms, p99 250 ms.",
            ("deliveries/s", "of baseline", "with 1 of 100 dead", "of that without", "p50 ms", "p99 ms"),
            [
                (
                    f"{found.per_second:.0f}",
                    f"{found.per_second / found.bare_per_second:.2f}",
                    f"{found.with_dead_per_second:.0f}",
                    f"{found.with_dead_per_second / found.per_second:.2f}",
                    f"{waited.p50_ms:.1f}",
                    f"{waited.p99_ms:.1f}",
                )
            ],
            "The limit is the CPU of the worker process, which shares the cores with PostgreSQL and the receiver.",
        )

    def pages(self, found: pages.Found) -> None:
        self._add(
            "(h) Pages",
            f"{len(found.pages)} pages, each {pages.VISITS} times, by one visitor who is signed in as an operator and "
            f"has {pages.TASKS:,} tasks; from sending the request to the last byte of the page. Baseline: the same "
            f"server's `/healthz`, p50 {found.bare_p50_ms:.1f} ms, p95 {found.bare_p95_ms:.1f} ms. Aim: p95 below "
            "50 ms. The slowest ten:",
            ("page", "p50 ms", "p95 ms", "p50 of baseline", "kB"),
            [
                (
                    f"`{p.path}`",
                    f"{p.p50_ms:.1f}",
                    f"{p.p95_ms:.1f}",
                    f"{p.p50_ms / found.bare_p50_ms:.0f}",
                    f"{p.kb:.0f}",
                )
                for p in found.pages[:10]
            ],
            "The limit is the API process's CPU: templates, and for signed-in pages their reads.",
        )

    def start(self, found: start.Start) -> None:
        self._add(
            "(e) Start and idle memory",
            "`rivya up` until requests are answered and a worker is heard of. Baseline: Python importing the "
            f"framework, the database driver and the HTTP client, {found.import_s:.2f} s.",
            ("cold s", "warm s", "warm of baseline"),
            [(f"{found.cold_s:.2f}", f"{found.warm_s:.2f}", f"{found.warm_s / found.import_s:.1f}")],
            "Python's imports are most of it. Idle memory (proportional set size, MB): "
            + ", ".join(f"{kind} {mb:.0f}" for kind, mb in sorted(found.memory_mb.items()))
            + f"; {sum(found.memory_mb.values()):.0f} in all, before any engine is loaded.",
        )

    def chat(self, found: chat.Found) -> None:
        direct, bare = found.results[0], found.results[1]
        rows: list[Sequence[object]] = []
        for result in found.results:
            for flat, paced, plainly, barely in zip(result.flat, result.paced, direct.paced, bare.flat, strict=True):
                rows.append(
                    (
                        result.name,
                        flat.streams,
                        _added(paced.first_p50_ms, plainly.first_p50_ms),
                        _added(paced.first_p99_ms, plainly.first_p99_ms),
                        f"{flat.streams_per_second:.1f}",
                        f"{flat.streams_per_second / barely.streams_per_second:.3f}",
                        f"{flat.chunks_per_second:.0f}",
                        "" if flat.cpu_us is None else f"{flat.cpu_us:.0f}",
                        flat.failures,
                    )
                )
        self._add(
            "(g) Relaying a chat stream",
            f"Streams of {chat.TOKENS} tokens that all differ. Ours checks a key, sets credits aside and settles them "
            "in two durable transactions, and keeps the conversation; the bare relay, Starlette and aiohttp, does "
            "nothing of the kind, nor do the gateways, which have no database here. The bare relay with two commits "
            "writes one row before each stream and its end after it: the least that keeping books can cost. Each relay "
            "has one core, upstream and load the other; PostgreSQL may run on both, and is in the CPU of who uses it. "
            "Streams a second are with tokens as fast as they are taken; the first token is waited for by one more "
            "reader, while each of the streams has 40 tokens a second. Aims: 0.6 of the bare relay, 2 x Portkey, "
            "40 x LiteLLM; added p50 at most twice the bare relay's.",
            (
                *("relay", "streams", "added first token p50 ms", "p99 ms", "streams/s", "of bare", "chunks/s"),
                *("CPU us a chunk", "failures"),
            ),
            rows,
            f"Plain turns of {chat.FEW} tokens, {chat.PLAIN_AT_ONCE} at once, and memory (proportional set size):\n\n"
            + _table(
                ("relay", "plain turns/s", "MB"),
                [
                    (r.name, f"{r.plain_per_second:.0f}", "" if r.memory_mb is None else f"{r.memory_mb:.0f}")
                    for r in found.results
                ],
            )
            + f"\n\nPostgreSQL beside ours: {found.database_mb:.0f} MB."
            + "".join(f" Missing: {why}." for why in found.missing),
        )

    def _add(
        self, title: str, words: str, columns: Sequence[str], rows: Sequence[Sequence[object]], limit: str
    ) -> None:
        self._parts.append(f"## {title}\n\n{words}\n\n{_table(columns, rows)}\n\n{limit}")


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    lines += [f"| {' | '.join(str(value) for value in row)} |" for row in rows]
    return "\n".join(lines)


def _added(wait_ms: float | None, direct_ms: float | None) -> str:
    if wait_ms is None or direct_ms is None:
        return "none came"
    return f"{max(0.0, wait_ms - direct_ms):.1f}"


def _wallets() -> str:
    from bench.lab import WALLETS

    return f"{WALLETS:,}"
