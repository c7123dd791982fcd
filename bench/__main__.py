"""``make bench``: measure everything in one run and write bench/RESULTS.md."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from bench import chat, jobs, pages, reads, start, submits, webhooks
from bench.lab import open_lab
from bench.report import Report

RESULTS = Path(__file__).parent / "RESULTS.md"


def main() -> None:
    report = Report(_machine())
    with open_lab() as lab:
        report.disk(lab.folder)
        print("(a) submits", flush=True)
        report.submits(*submits.measure(lab))
        print("(b) reads", flush=True)
        report.reads(reads.measure(lab))
        print("(c) jobs", flush=True)
        report.throughput(jobs.throughput(lab))
        print("(d) latency", flush=True)
        report.latency(jobs.latency(lab))
        print("(g) chat", flush=True)
        chatting = chat.measure(lab)
        print("(f) webhooks", flush=True)
        delivered, waited = webhooks.throughput(lab), webhooks.latency(lab)
        print("(h) pages", flush=True)
        visited = pages.measure(lab)
    print("(e) start", flush=True)
    report.start(start.measure())
    report.webhooks(delivered, waited)
    report.chat(chatting)
    report.pages(visited)
    RESULTS.write_text(report.text())
    print(report.text())


def _machine() -> list[str]:
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"{os.cpu_count()} cores, {cpu}, {memory_gb:.0f} GiB; load average at the start {os.getloadavg()[0]:.1f}",
        f"{platform.platform()}, Python {platform.python_version()}",
    ]


if __name__ == "__main__":
    main()
