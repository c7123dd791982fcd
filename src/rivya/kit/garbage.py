"""How often Python looks for garbage in a process that serves for long."""

from __future__ import annotations

import gc

_YOUNG = 20_000


def leave_what_was_loaded() -> None:
    """Never again look through what this process has loaded so far, and look less often for garbage in what it makes.

    To be called once, when the process is ready. Modules, routes and the catalog live as long as the process: to walk
    them all again and again took a fifth of an API process's time under load. Reference counts still free all that is
    in no cycle, at once.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 50)
