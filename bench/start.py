"""(e) How long a start takes, against Python importing the same web framework, and the memory of an idle Rivya."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.lab import free_port


@dataclass(frozen=True)
class Start:
    cold_s: float
    warm_s: float
    import_s: float
    memory_mb: dict[str, float]


def measure() -> Start:
    """Start ``rivya up`` with engines configured on a new folder, then three times again on the same."""
    with tempfile.TemporaryDirectory(prefix="rivya-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        cold_s, _ = _start(folder)
        warm = [_start(folder) for _ in range(3)]
    return Start(cold_s, statistics.median(took for took, _ in warm), _import_s(), warm[-1][1])


def _start(folder: Path) -> tuple[float, dict[str, float]]:
    log = folder / "log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RIVYA_")}
    began = time.perf_counter()
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "rivya", "up", "--port", str(free_port()), "--data-dir", str(folder / "data")],
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        while "Ctrl-C stops it" not in log.read_text(errors="replace"):
            assert process.poll() is None, log.read_text(errors="replace")
            time.sleep(0.01)
        took = time.perf_counter() - began
        time.sleep(1)  # let it settle before its memory is read
        return took, _memory(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _memory(root: int) -> dict[str, float]:
    """Return proportional set sizes in MB: shared pages are counted once over all processes."""
    found: dict[str, float] = {}
    for pid in _family(root):
        command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        kind = "postgres" if "postgres" in command.split(" ")[0] else "supervisor"
        kind = next((word for word in ("serve", "worker") if f"rivya {word}" in command), kind)
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        pss_kb = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        found[kind] = found.get(kind, 0.0) + pss_kb / 1024
    return found


def _family(root: int) -> list[int]:
    children = [pid for file in Path(f"/proc/{root}/task").glob("*/children") for pid in file.read_text().split()]
    return [root, *(pid for child in children for pid in _family(int(child)))]


def _import_s() -> float:
    times: list[float] = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import litestar, uvicorn, asyncpg, aiohttp"], check=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)
