"""Many connections at one wallet and at several: nobody waits for ever, one wins, and every credit is accounted for.

A deadlock is an exception of the call that it hits, so that any of them fails its test. ``RIVYA_TEST_SEED``
repeats the choices of a run; in which order the server takes them remains its own.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest

from rivya.kit.db import Pool, open_pool
from rivya.kit.ids import AccountId
from rivya.wallet import service as wallet
from rivya.wallet.invariants import verify
from rivya.wallet.model import Ending, Grant, Reservation
from rivya.wallet.service import End, Reserve
from tests.factories import day, make_account

SEED = int(os.environ.get("RIVYA_TEST_SEED", "20260101"))
CONNECTIONS = 24


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Pool]:
    """Many connections, all of them open, with every rule about money checked at the end."""
    async with open_pool(database_url, size=CONNECTIONS) as pool:
        await asyncio.gather(*(pool.execute("select pg_sleep(0.1)") for _ in range(CONNECTIONS)))
        yield pool
        assert await verify(pool) == []


async def test_one_grant_wins_of_many_with_the_same_business_id(db: Pool) -> None:
    account = await make_account(db)
    for payment in range(10):
        answers = await asyncio.gather(
            *(
                wallet.grant(db, account=account, business_id=f"pay_{payment}", source="pack", credits=10)
                for _ in range(CONNECTIONS)
            )
        )
        assert Counter(answer.outcome for answer in answers) == {"granted": 1, "exists": CONNECTIONS - 1}
    assert (await wallet.balance(db, account=account)).available == 100


async def test_the_first_grants_of_an_account_open_one_wallet(db: Pool) -> None:
    await db.execute("insert into accounts (id, email) values ('acct_new', 'new@example.com')")
    account = AccountId("acct_new")
    await asyncio.gather(
        *(
            wallet.grant(db, account=account, business_id=f"pay_{number}", source="pack", credits=1)
            for number in range(CONNECTIONS)
        )
    )
    assert (await wallet.balance(db, account=account)).available == CONNECTIONS


async def test_one_reserve_wins_of_many_for_the_same_reason(db: Pool) -> None:
    account = await make_account(db, credits=1000)
    for task in range(10):
        answers = await asyncio.gather(
            *(wallet.reserve(db, account=account, credits=5, reason=f"task_{task}") for _ in range(CONNECTIONS))
        )
        assert Counter(answer.outcome for answer in answers) == {"reserved": 1, "exists": CONNECTIONS - 1}
    assert (await wallet.balance(db, account=account)).reserved == 50


async def test_no_more_is_reserved_than_there_is(db: Pool) -> None:
    account = await make_account(db, credits=100)
    answers = await asyncio.gather(
        *(wallet.reserve_many(db, [Reserve(account, f"task_{number}", 7)]) for number in range(60))
    )
    assert sum(isinstance(answer, Reservation) for (answer,) in answers) == 100 // 7
    assert (await wallet.balance(db, account=account)).available == 100 % 7


async def test_one_ending_wins_and_the_others_are_told_which(db: Pool) -> None:
    account = await make_account(db, credits=1000)
    for task in range(20):
        reason = f"task_{task}"
        await wallet.reserve(db, account=account, credits=9, reason=reason)
        endings = await asyncio.gather(
            *(
                wallet.settle(db, account=account, reason=reason, credits=number % 10)
                if number % 2
                else wallet.release(db, account=account, reason=reason)
                for number in range(CONNECTIONS)
            )
        )
        winners = [ending for ending in endings if not ending.outcome.startswith("already_")]
        assert len(winners) == 1
        told = Ending(f"already_{winners[0].outcome}", winners[0].settled, winners[0].returned)  # type: ignore[arg-type]
        assert [ending for ending in endings if ending != winners[0]] == [told] * (CONNECTIONS - 1)


async def test_array_calls_in_contrary_orders_do_not_deadlock(db: Pool) -> None:
    dice = random.Random(SEED)
    accounts = [await make_account(db, credits=10_000) for _ in range(8)]

    async def reserve_and_end(worker: int) -> None:
        for turn in range(6):
            order = dice.sample(accounts, len(accounts))
            reasons = [f"task_{worker}_{turn}_{number}" for number in range(len(order))]
            taken = await wallet.reserve_many(db, [Reserve(a, r, 3) for a, r in zip(order, reasons, strict=True)])
            assert all(isinstance(answer, Reservation) for answer in taken)
            pairs = list(zip(order, reasons, strict=True))
            dice.shuffle(pairs)
            ended = await wallet.end_many(db, [End(a, r, dice.randint(0, 3)) for a, r in pairs])
            assert [ending.outcome for ending in ended] == ["settled"] * len(pairs)

    await asyncio.gather(*(reserve_and_end(worker) for worker in range(CONNECTIONS)))


class Crowd:
    """Workers that do anything to a few wallets at once, and often the same thing; it keeps count of who won."""

    def __init__(self, db: Pool, accounts: Sequence[AccountId], dice: random.Random) -> None:
        self.db = db
        self.accounts = accounts
        self.dice = dice
        self.granted: Counter[tuple[AccountId, str]] = Counter()
        self.reserved: Counter[tuple[AccountId, str]] = Counter()
        self.ended: Counter[tuple[AccountId, str]] = Counter()
        self.put_in = 0
        self.spent = 0

    async def work(self, calls: int) -> None:
        for _ in range(calls):
            await self.dice.choice([self.grant, self.reserve, self.reserve, self.end, self.end, self.lapse])()

    def when(self) -> float:
        """Return a day: the workers' clocks do not agree, and lots lapse all the time."""
        return self.dice.uniform(0, 30)

    def some(self) -> list[tuple[AccountId, str]]:
        chosen = [
            (self.dice.choice(self.accounts), f"task_{self.dice.randint(1, 60)}")
            for _ in range(self.dice.randint(1, 6))
        ]
        return chosen + chosen[: self.dice.randint(0, 1)]

    async def grant(self) -> None:
        account, business_id = self.dice.choice(self.accounts), f"pay_{self.dice.randint(1, 40)}"
        answer: Grant = await wallet.grant(
            self.db,
            account=account,
            business_id=business_id,
            source="pack",
            credits=self.dice.randint(1, 60),
            expires_at=self.dice.choice([None, day(self.when())]),
            at=day(self.when()),
        )
        if answer.outcome == "granted":
            self.granted[account, business_id] += 1
            self.put_in += answer.credits

    async def reserve(self) -> None:
        items = [Reserve(account, reason, self.dice.randint(0, 12)) for account, reason in self.some()]
        answers = await wallet.reserve_many(self.db, items, at=day(self.when()))
        for item, answer in zip(items, answers, strict=True):
            if isinstance(answer, Reservation) and answer.outcome == "reserved":
                assert answer.credits == item.credits
                self.reserved[item.account, item.reason] += 1

    async def end(self) -> None:
        items = [
            End(account, reason, 0 if release else self.dice.randint(0, 8), release)
            for account, reason in self.some()
            for release in [self.dice.random() < 0.4]
        ]
        answers = await wallet.end_many(self.db, items, at=day(self.when()))
        for item, answer in zip(items, answers, strict=True):
            if answer.outcome in ("settled", "released"):
                self.ended[item.account, item.reason] += 1
                self.spent += answer.settled

    async def lapse(self) -> None:
        await wallet.lapse_due(self.db, limit=self.dice.randint(1, 4), at=day(self.when()))


@pytest.mark.parametrize("wallets", [1, 5], ids=["one_hot_wallet", "several_wallets"])
async def test_whatever_a_crowd_does_every_credit_is_accounted_for(db: Pool, wallets: int) -> None:
    crowd = Crowd(db, [await make_account(db) for _ in range(wallets)], random.Random(SEED))
    await asyncio.gather(*(crowd.work(150) for _ in range(CONNECTIONS)))

    assert set(crowd.granted.values()) == set(crowd.reserved.values()) == set(crowd.ended.values()) == {1}
    assert set(crowd.ended) <= set(crowd.reserved)
    posted = dict(map(tuple, await db.fetch("select ledger_account, sum(credits)::bigint from postings group by 1")))
    assert -posted["grants"] == crowd.put_in
    assert posted["revenue"] == crowd.spent
    assert crowd.put_in == posted["available"] + posted["reserved"] + crowd.spent + posted["expired"]
