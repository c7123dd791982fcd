"""The audit log is read in the order in which things happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from rivya.accounts import audit
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool

NOTES = 40


@pytest.fixture
async def notes(pool: Pool) -> list[int]:
    """Make notes a microsecond apart, so that their ids tell nothing of their order, by turns about two accounts."""
    begun = utc_now()
    for number in range(NOTES):
        await audit.note(
            pool,
            account=f"acct_{number % 2}",
            actor="operator",
            action="test.odd" if number % 2 else "test.even",
            details={"number": number},
            at=begun + timedelta(microseconds=number),
        )
    return list(reversed(range(NOTES)))


async def test_what_was_done_to_an_account_is_told_the_last_first(pool: Pool, notes: list[int]) -> None:
    assert _numbers(await audit.of_account(pool, account="acct_1")) == notes[0::2]
    assert _numbers(await audit.of_account(pool, account="acct_0", most=3)) == notes[1:7:2]


async def test_pages_follow_each_other_without_a_gap(pool: Pool, notes: list[int]) -> None:
    told: list[int] = []
    before = None
    while page := await audit.newest(pool, before=before, most=7):
        told += _numbers(page)
        before = page[-1].id
    assert told == notes


async def test_pages_of_one_kind_of_act(pool: Pool, notes: list[int]) -> None:
    first = await audit.newest(pool, action="test.odd", most=5)
    second = await audit.newest(pool, action="test.odd", most=5, before=first[-1].id)
    assert _numbers([*first, *second]) == notes[0:20:2]


def _numbers(notes: Sequence[audit.Note]) -> list[object]:
    return [note.details["number"] for note in notes]
