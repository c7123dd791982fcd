"""The process that looks into uploads: ``python -m rivya.files.probing``.

Reads one path a line from standard input and answers each with one line of JSON. A file that breaks it breaks
nothing else: it has little memory, little time, no network, and may write to no file.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import sys
from io import FileIO
from pathlib import Path

import msgspec

from rivya.files.measure import measure
from rivya.files.media import Found, NotMedia

MEMORY_BYTES = 1536 * 1024 * 1024
"""A picture of 100 megapixels takes 400 MB, and some decoders hold it three times."""

CPU_S = 20
"""For one file."""

_FILES = 32
_NEW_USER_AND_NETWORK = 0x10000000 | 0x40000000  # CLONE_NEWUSER | CLONE_NEWNET
_NO_NEW_PRIVILEGES = 38  # PR_SET_NO_NEW_PRIVS


def main() -> None:
    answers = _private_stdout()
    _confine()
    for line in sys.stdin.buffer:
        _grant_cpu_time()
        found = _look_into(Path(os.fsdecode(line.rstrip(b"\n"))))
        answers.write(msgspec.json.encode(found) + b"\n")
        if found.spent:
            return


def _look_into(path: Path) -> Found:
    try:
        return Found(media=measure(path))
    except NotMedia as error:
        return Found(refused=str(error))
    except MemoryError:
        return Found(refused="too large to decode", spent=True)
    except Exception as error:  # noqa: BLE001 - decoders meet hostile bytes with every error there is
        return Found(refused=repr(error)[:500], spent=True)


def _private_stdout() -> FileIO:
    """Return standard output for ourselves; what a library prints goes nowhere."""
    mine = FileIO(os.dup(1), "wb")
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    return mine


def _confine() -> None:
    os.nice(5)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # be the first to go when the machine is short of memory
            Path("/proc/self/oom_score_adj").write_text("1000")
        libc = ctypes.CDLL(None)
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        libc.unshare(_NEW_USER_AND_NETWORK)  # where the kernel allows it; nothing here relies on it
    for limit, most in (
        (resource.RLIMIT_DATA, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _FILES),
    ):
        resource.setrlimit(limit, (most, most))


def _grant_cpu_time() -> None:
    """Let the kernel end this process when the next file takes more time than a file may."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + 1 + CPU_S
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    main()
