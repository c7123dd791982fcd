"""An account is told a thing once, reads it, and it is forgotten in the end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from rivya.errors import NotFound
from rivya.kit.db import Pool
from rivya.kit.ids import AccountId, TaskId
from rivya.kit.pages import page
from rivya.notifications import service
from rivya.notifications.model import Notice, Notification
from rivya.notifications.notices import balance_low, credits_expiring, generation_failed
from tests.factories import make_account, make_lot

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def low(account: AccountId, lot: int = 1) -> Notice:
    return balance_low(account, lot=lot, credits=3)


async def shown(pool: Pool, account: AccountId, **filters: object) -> list[Notification]:
    return await service.listed(
        pool,
        account=account,
        page=page(None, None, of="test"),
        kind=filters.get("kind"),  # type: ignore[arg-type]
    )


async def test_the_same_subject_is_told_once_even_at_once(pool: Pool) -> None:
    account = await make_account(pool)
    new = await asyncio.gather(*(service.notify(pool, [low(account)]) for _ in range(8)))
    assert sorted(new) == [0] * 7 + [1]
    (only,) = await shown(pool, account)
    assert (only.kind, only.title, only.link) == ("credits", "You have 3 credits left", "/settings/credits")


async def test_the_same_subject_twice_in_one_call_is_told_once(pool: Pool) -> None:
    account = await make_account(pool)
    assert await service.notify(pool, [low(account), low(account)]) == 1


async def test_another_account_is_told_of_its_own(pool: Pool) -> None:
    first, second = await make_account(pool), await make_account(pool)
    assert await service.notify(pool, [low(first), low(second)]) == 2
    assert len(await shown(pool, first)) == len(await shown(pool, second)) == 1


async def test_unread_is_counted_by_kind_and_ends_with_reading(pool: Pool) -> None:
    account = await make_account(pool)
    failed = generation_failed(account, task=TaskId("task_1"), model="rivya-sketch", message="It did not work.")
    await service.notify(pool, [low(account, 1), low(account, 2), failed])
    assert await service.unread(pool, account=account) == {"credits": 2, "generation": 1}

    newest = (await shown(pool, account, kind="generation"))[0]
    assert await service.mark_read(pool, account=account, id=newest.id) == "/history/generations/task_1"
    assert await service.unread(pool, account=account) == {"credits": 2}

    await service.mark_all_read(pool, account=account)
    assert await service.unread(pool, account=account) == {}


async def test_all_of_one_kind_can_be_marked_read_alone(pool: Pool) -> None:
    account = await make_account(pool)
    failed = generation_failed(account, task=TaskId("task_1"), model="rivya-sketch", message="It did not work.")
    await service.notify(pool, [low(account), failed])
    await service.mark_all_read(pool, account=account, kind="credits")
    assert await service.unread(pool, account=account) == {"generation": 1}


async def test_reading_keeps_the_first_moment(pool: Pool) -> None:
    account = await make_account(pool)
    await service.notify(pool, [low(account)])
    (made,) = await shown(pool, account)
    await service.mark_read(pool, account=account, id=made.id)
    (first,) = await shown(pool, account)
    await service.mark_read(pool, account=account, id=made.id)
    assert (await shown(pool, account)) == [first]


@pytest.mark.parametrize("id", ["ntf_00000000000000000000000000", "task_1", "", "x" * 3000])
async def test_a_notification_that_is_not_there_is_not_found(pool: Pool, id: str) -> None:
    with pytest.raises(NotFound):
        await service.mark_read(pool, account=await make_account(pool), id=id)


async def test_somebody_elses_notification_is_not_found_and_stays_unread(pool: Pool) -> None:
    owner, other = await make_account(pool), await make_account(pool)
    await service.notify(pool, [low(owner)])
    (theirs,) = await shown(pool, owner)
    with pytest.raises(NotFound):
        await service.mark_read(pool, account=other, id=theirs.id)
    await service.mark_all_read(pool, account=other)
    assert await service.unread(pool, account=owner) == {"credits": 1}


async def test_what_is_older_than_it_is_kept_is_forgotten(pool: Pool) -> None:
    account = await make_account(pool)
    await service.notify(pool, [low(account, 1)], at=NOW - service.KEPT - timedelta(seconds=1))
    await service.notify(pool, [low(account, 2)], at=NOW - service.KEPT + timedelta(seconds=1))
    assert await service.forget_old(pool, at=NOW) == 1
    assert await service.forget_old(pool, at=NOW) == 0
    assert len(await shown(pool, account)) == 1


def test_words_fit_their_numbers() -> None:
    account = AccountId("acct_1")
    day = datetime(2026, 5, 1, tzinfo=UTC)
    assert credits_expiring(account, lot=1, credits=1, expires_at=day).title == "1 credit expires on 1 May 2026"
    assert credits_expiring(account, lot=1, credits=2, expires_at=day).title == "2 credits expire on 1 May 2026"
    assert balance_low(account, lot=1, credits=0).title == "You have 0 credits left"


async def test_whoever_grants_credits_the_owner_hears_of_it_once(pool: Pool) -> None:
    account = await make_account(pool)
    for _ in range(2):
        await make_lot(pool, account, credits=7000, name="operator:1", expires=120)
    await make_lot(pool, account, credits=1, name="operator:2")
    told = [(one.kind, one.title, one.body) for one in await shown(pool, account)]
    assert sorted(told) == [
        ("credits", "You received 1 credit", "They do not expire."),
        ("credits", "You received 7,000 credits", "They can be spent until 1 May 2026."),
    ]


async def test_what_an_account_begins_with_is_no_news(pool: Pool) -> None:
    account = await make_account(pool)
    await make_lot(pool, account, credits=6, source="signup")
    await make_lot(pool, account, credits=1000, name=f"account:{account}")
    assert await shown(pool, account) == []
