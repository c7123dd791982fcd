"""Places for work that takes disk, sockets and decoders: so many in a process, so many for one account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from rivya.errors import RateLimited
from rivya.kit.ids import AccountId


class Room:
    """``what`` says in the plural what takes the places."""

    def __init__(self, *, most: int, most_of_one: int, what: str) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._what = what
        self._taken = Counter[AccountId]()

    @contextmanager
    def hold(self, account: AccountId) -> Generator[None]:
        """Hold a place while the block runs. Raises RateLimited when there is none."""
        if self._taken.total() >= self._most or self._taken[account] >= self._most_of_one:
            raise RateLimited(f"Too many {self._what} at the same time. Try again in a moment.", retry_after_s=1)
        self._taken[account] += 1
        try:
            yield
        finally:
            self._taken[account] -= 1
            if not self._taken[account]:
                del self._taken[account]
