"""How long to wait for an answer and its pieces."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds to wait: for a connection to one address, for an answer to begin, for each next piece of
    it, and for all of it with all redirects. What the reader of an answer takes does not count, but for the last.
    """

    connect_s: float = 5.0
    answer_s: float = 10.0
    silence_s: float = 10.0
    total_s: float | None = None


class Waits:
    """The time that is left."""

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self._until = _now() + patience.total_s if patience.total_s is not None else None

    def for_answer(self) -> asyncio.Timeout:
        return asyncio.timeout_at(self._at_most(self.patience.answer_s))

    def for_piece(self, within_s: float | None) -> float:
        return self._at_most(within_s if within_s is not None else self.patience.silence_s)

    def _at_most(self, seconds: float) -> float:
        until = _now() + seconds
        return until if self._until is None else min(until, self._until)


class Watch:
    """Ends the wait for a piece that does not come. An answer may have thousands, and to set a timer for each costs as
    much as to read it; so there is one timer, which is set anew when it finds that something has come meanwhile.
    """

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content = content
        self._timer: asyncio.TimerHandle | None = None
        self._deadline: float | None = None

    def until(self, deadline: float) -> Watch:
        """Watch while the block runs, in which nothing is done but to wait. The wait ends with TimeoutError."""
        self._deadline = deadline
        if self._timer is None or deadline < self._timer.when():
            self._set(deadline)
        return self

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        self._deadline = None

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _set(self, deadline: float) -> None:
        self.stop()
        self._timer = asyncio.get_running_loop().call_at(deadline, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._deadline is None:
            return  # who waits next sets it
        if self._deadline > _now():
            self._set(self._deadline)
        else:
            self._content.set_exception(TimeoutError())


def _now() -> float:
    return asyncio.get_running_loop().time()
