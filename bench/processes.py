"""What processes cost: CPU and memory with all their children, from /proc; and on which core they run."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def family(root: int) -> list[int]:
    """Return a process and all that it started, and so on; those that end meanwhile are left out."""
    try:
        children = [pid for file in Path(f"/proc/{root}/task").glob("*/children") for pid in file.read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [root, *(pid for child in children for pid in family(int(child)))]


def cpu_s(roots: Iterable[int]) -> float:
    """Return the seconds of CPU that these families have used so far."""
    total = 0
    for root in roots:
        for pid in family(root):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def memory_mb(root: int) -> float:
    """Return a family's proportional set size in MB: pages that it shares with itself are counted once."""
    total = 0.0
    for pid in family(root):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return total


@contextmanager
def on_core(core: int) -> Generator[None]:
    """Have what is started in this block run on one core; on a machine with a single one, change nothing."""
    before = os.sched_getaffinity(0)
    if core in before:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def named(words: str) -> int:
    """Return the process that we started, or that one of ours did, whose command line holds these words."""
    for pid in family(os.getpid()):
        if words in Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "):
            return pid
    raise ProcessLookupError(words)
