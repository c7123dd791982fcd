"""Becomes the PostgreSQL server: drops root, ties its life to its owner's, executes it.

Run as a file (``python -I -S``), not in a ``preexec_fn``: Python code between fork and exec may deadlock a program
that has threads. Arguments: the owner's process id, the user and group ids to become, the command.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _become_server(owner_pid: int, uid: int, gid: int, command: list[str]) -> None:
    if os.geteuid() != uid:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        # After setuid, because a change of credentials clears it. SIGINT is PostgreSQL's fast, clean shutdown.
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != owner_pid:
        sys.exit("The owner ended before the server began.")
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    _become_server(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
