"""Lists in pages: newest first, from where the last page ended, so that what is added meanwhile moves nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

Row = TypeVar("Row")
Shown = TypeVar("Shown")

USUAL_LIMIT = 20
MOST_LIMIT = 100
_MOST_CURSOR = 1024


class BadPage(ValueError):
    """What was asked for is no page: ``str(error)`` says why, ``param`` names what is wrong with it."""

    def __init__(self, message: str, *, param: str) -> None:
        super().__init__(message)
        self.param = param


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for: ``limit`` entries that come after the one with the id ``after``."""

    limit: int
    after: str | None
    list: bytes

    @property
    def rows(self) -> int:
        """How many rows to read: one more than are shown tells whether there are more."""
        return self.limit + 1


class ListObject(msgspec.Struct, Generic[Shown], frozen=True, kw_only=True):
    """A page as clients see it."""

    object: str = "list"
    data: list[Shown]
    """The entries of this page."""
    has_more: bool
    """Whether there are more after these."""
    next_cursor: str | None
    """What to send as `cursor` for the next page; null on the last."""


class _Cursor(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    list: bytes
    after: str


def page(limit: str | None, cursor: str | None, *, of: str) -> Page:
    """Return what ``?limit=`` and ``?cursor=`` ask for. Raises BadPage.

    ``of`` says which list it is: the cursor of one is not accepted for another.
    """
    which = hashlib.sha256(of.encode()).digest()[:6]
    return Page(_limit(limit), _after(cursor, which) if cursor else None, which)


def listed(
    rows: Sequence[Row], page: Page, *, id_of: Callable[[Row], str], show: Callable[[Row], Shown]
) -> ListObject[Shown]:
    """Return the page that was asked for, of at most ``page.rows`` rows read in order."""
    shown = rows[: page.limit]
    after = id_of(shown[-1]) if len(rows) > page.limit else None
    return next_page([show(row) for row in shown], page, after=after)


def next_page(shown: list[Shown], page: Page, *, after: str | None) -> ListObject[Shown]:
    """Return the page with these entries; ``after`` is where the next one goes on, None if this is the last."""
    cursor = _encoded(_Cursor(page.list, after)) if after is not None else None
    return ListObject(data=shown, has_more=after is not None, next_cursor=cursor)


def _limit(given: str | None) -> int:
    if given is None:
        return USUAL_LIMIT
    if not given.isascii() or not given.isdigit() or len(given) > 3 or not 1 <= int(given) <= MOST_LIMIT:
        raise BadPage(f"limit must be 1 to {MOST_LIMIT}.", param="limit")
    return int(given)


def _after(cursor: str, which: bytes) -> str:
    try:
        if len(cursor) > _MOST_CURSOR:
            raise ValueError(len(cursor))
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found = msgspec.msgpack.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=_Cursor)
    except (ValueError, msgspec.DecodeError) as error:
        raise BadPage("cursor must be a next_cursor of this list.", param="cursor") from error
    if found.list != which or "\x00" in found.after:
        raise BadPage("cursor must be a next_cursor of this list.", param="cursor")
    return found.after


def _encoded(cursor: _Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(cursor)).rstrip(b"=").decode()
