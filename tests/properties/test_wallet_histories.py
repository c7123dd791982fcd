"""Random histories of the wallet, step by step against a model of it, with every rule checked after each step.

``RIVYA_PROPERTY_EXAMPLES`` says how many histories; they are the same ones each time.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rivya.errors import InsufficientCredits, NotFound
from rivya.kit.db import Connection
from rivya.kit.ids import AccountId
from rivya.wallet import service as wallet
from rivya.wallet.invariants import rules
from rivya.wallet.model import LotSource
from tests.factories import day
from tests.properties.wallet_model import Model

EXAMPLES = int(os.environ.get("RIVYA_PROPERTY_EXAMPLES", "600"))
ACCOUNTS = [AccountId("acct_a"), AccountId("acct_b"), AccountId("acct_c")]

EVERY_RULE = " union all ".join(
    f"select '{rule.name}' as rule, account_id, detail from ({rule.sql}\n) {rule.name}" for rule in rules()
)

ALSO_TRUE = """
select w.account_id, 'a lot lapses sooner than its wallet knows' as detail
from wallets w join lots l using (account_id)
where l.available > 0 and l.expires_at < coalesce(w.next_expiry_at, 'infinity')
union all
select l.account_id, 'the open reservations of a lot do not sum to what is reserved of it'
from lots l left join (
    select r.account_id, part.lot, sum(part.credits) as credits
    from reservations r cross join lateral unnest(r.lot_ids, r.lot_credits) as part(lot, credits)
    where r.state = 'open' group by r.account_id, part.lot
) held on held.account_id = l.account_id and held.lot = l.id
where l.reserved <> coalesce(held.credits, 0)
"""


@dataclass(frozen=True)
class Grant:
    account: AccountId
    business_id: str
    source: LotSource
    credits: int
    expires_in_days: int | None


@dataclass(frozen=True)
class Reserve:
    """Each item: account, reason, how many eighths of the available credits (9: more than there is)."""

    items: tuple[tuple[AccountId, str, int], ...]


@dataclass(frozen=True)
class End:
    """Each item: which reservation, how many quarters of it to spend (5: too much; None: release it)."""

    items: tuple[tuple[int, int | None], ...]


@dataclass(frozen=True)
class Wait:
    days: int


@dataclass(frozen=True)
class Lapse:
    limit: int


Step = Grant | Reserve | End | Wait | Lapse

accounts = st.sampled_from([ACCOUNTS[0], ACCOUNTS[0], *ACCOUNTS])
grants = st.builds(
    Grant,
    accounts,
    st.sampled_from(["pay_1", "pay_2", "pay_3", "pay_4", "pay_5"]),
    st.sampled_from(["signup", "subscription", "pack", "grant"]),
    st.integers(1, 12),
    st.sampled_from([None, 1, 2, 2, 3, 9, 0]),
)
reserves = st.lists(
    st.tuples(accounts, st.sampled_from(["task_1", "task_2", "task_3", "task_4"]), st.integers(0, 9)),
    min_size=1,
    max_size=3,
).map(lambda items: Reserve(tuple(items)))
endings = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from([None, 4, 3, 2, 1, 0, 5, 5])), min_size=1, max_size=3
).map(lambda items: End(tuple(items)))
waits = st.builds(Wait, st.sampled_from([1, 1, 2, 6, 8]))
lapses = st.builds(Lapse, st.sampled_from([1, 500]))
histories = st.tuples(
    st.lists(grants, min_size=2, max_size=4),
    st.lists(reserves, min_size=1, max_size=2),
    st.lists(
        st.one_of(reserves, reserves, endings, endings, endings, waits, waits, grants, lapses), min_size=6, max_size=11
    ),
).map(lambda parts: [step for part in parts for step in part])


class History:
    """Takes each step in the database and in the model, and compares."""

    def __init__(self, connection: Connection, seen: Counter[str]) -> None:
        self.db = connection
        self.model = Model(day(0))
        self.seen = seen

    async def take(self, steps: Sequence[Step]) -> None:
        for step in steps:
            match step:
                case Grant():
                    await self.grant(step)
                case Reserve():
                    await self.reserve(step)
                case End():
                    await self.end(step)
                case Wait():
                    self.model.wait(timedelta(days=step.days))
                case Lapse():
                    await wallet.lapse_due(self.db, limit=step.limit, at=self.model.now)
            await self.compare()
        await wallet.lapse_due(self.db, at=self.model.now)
        await self.compare()
        await self.compare_ledger()

    async def grant(self, step: Grant) -> None:
        expires_at = None if step.expires_in_days is None else self.model.now + timedelta(days=step.expires_in_days)
        answer = await wallet.grant(
            self.db,
            account=step.account,
            business_id=step.business_id,
            source=step.source,
            credits=step.credits,
            expires_at=expires_at,
            at=self.model.now,
        )
        expected = self.model.grant(step.account, step.business_id, step.credits, expires_at)
        assert (answer.outcome, answer.credits) == expected
        self.seen[f"grant: {answer.outcome}"] += 1

    async def reserve(self, step: Reserve) -> None:
        items = [
            wallet.Reserve(account, reason, -(-self.available(account) * eighths // 8))
            for account, reason, eighths in step.items
        ]
        answers = await wallet.reserve_many(self.db, items, at=self.model.now)
        for item, answer in zip(items, answers, strict=True):
            outcome, credits = self.model.reserve(item.account, item.reason, item.credits)
            match answer:
                case NotFound():
                    assert outcome == "no_wallet"
                case InsufficientCredits():
                    assert outcome == "insufficient"
                    assert answer.message.endswith(f" {credits} are available.")
                case _:
                    assert (answer.outcome, answer.credits) == (outcome, credits)
            self.seen[f"reserve: {outcome}"] += 1
            if outcome == "reserved" and len(self.model.wallets[item.account].held[item.reason].parts) > 1:
                self.seen["reserve: several lots"] += 1

    async def end(self, step: End) -> None:
        known = self.reservations()
        items: list[wallet.End] = []
        for which, quarters in step.items:
            account, reason, credits = known[which % len(known)]
            items.append(wallet.End(account, reason, -(-credits * (quarters or 0) // 4), release=quarters is None))
        answers = await wallet.end_many(self.db, items, at=self.model.now)
        for item, answer in zip(items, answers, strict=True):
            state = "released" if item.release else "settled"
            before = self.expiries(item.account)
            outcome, settled, returned = self.model.end(item.account, item.reason, item.credits, state)
            assert answer.outcome == outcome
            if outcome != "too_much":  # what it answers then has a test of its own
                assert (answer.settled, answer.returned) == (settled, returned)
            self.seen[f"end: {outcome}"] += 1
            if settled and returned:
                self.seen["end: in part"] += 1
            if self.expiries(item.account) != before:
                self.seen["end: a lapsed lot lives on"] += 1

    def available(self, account: AccountId) -> int:
        return self.model.wallets[account].available if account in self.model.wallets else 4

    def reservations(self) -> list[tuple[AccountId, str, int]]:
        """Return account, reason and credits of those to pick from: the open ones first, and one that is not there."""
        held = [
            (AccountId(account), reason, held)
            for account, known in self.model.wallets.items()
            for reason, held in known.held.items()
        ]
        held.sort(key=lambda item: item[2].state != "open")
        return [*((account, reason, held.credits) for account, reason, held in held), (ACCOUNTS[0], "task_x", 4)]

    def expiries(self, account: AccountId) -> list[object]:
        known = self.model.wallets.get(account)
        return [lot.expires_at for lot in known.lots] if known else []

    async def compare(self) -> None:
        """Compare balances, lots and reservations with the model, and check every rule."""
        stored_lots = await self.db.fetch(
            """select account_id, business_id, granted, reserved, expires_at,
                      case when expires_at <= $1 then 0 else available end as spendable
               from lots order by account_id, id""",
            self.model.now,
        )
        assert [tuple(row) for row in stored_lots] == [
            (account, lot.business_id, lot.granted, lot.reserved, lot.expires_at, lot.available)
            for account in sorted(self.model.wallets)
            for lot in self.model.wallets[account].lots
        ]
        stored_reservations = await self.db.fetch(
            "select account_id, reason, credits, state, settled_credits from reservations order by 1, 2"
        )
        assert [tuple(row) for row in stored_reservations] == [
            (account, reason, held.credits, held.state, held.settled)
            for account in sorted(self.model.wallets)
            for reason, held in sorted(self.model.wallets[account].held.items())
        ]
        for account, expected in self.model.wallets.items():
            balance = await wallet.balance(self.db, account=AccountId(account), at=self.model.now)
            assert (balance.available, balance.reserved) == (expected.available, expected.reserved)
            assert expected.granted == expected.available + expected.reserved + expected.spent + expected.expired
        assert await self.db.fetch(EVERY_RULE) == []
        assert await self.db.fetch(ALSO_TRUE) == []

    async def compare_ledger(self) -> None:
        """Compare what the ledger says became of all credits, once nothing waits to lapse."""
        rows = await self.db.fetch(
            """select account_id, ledger_account, sum(credits)::bigint
               from postings group by 1, 2 having sum(credits) <> 0"""
        )
        posted = {(row[0], row[1]): row[2] for row in rows}
        expected = {
            (account, name): credits
            for account, known in self.model.wallets.items()
            for name, credits in {
                "grants": -known.granted,
                "available": known.available,
                "reserved": known.reserved,
                "revenue": known.spent,
                "expired": known.expired,
            }.items()
            if credits
        }
        assert posted == expected
        for account, known in self.model.wallets.items():
            lines = await wallet.statement(self.db, account=AccountId(account), limit=1000)
            assert sum(line.available_change for line in lines) == known.available
            assert sum(line.spent for line in lines) == known.spent


OUTCOMES = {
    "grant: granted",
    "grant: exists",
    "reserve: reserved",
    "reserve: exists",
    "reserve: insufficient",
    "reserve: no_wallet",
    "reserve: several lots",
    "end: settled",
    "end: released",
    "end: already_settled",
    "end: already_released",
    "end: missing",
    "end: too_much",
    "end: in part",
    "end: a lapsed lot lives on",
}


@pytest.mark.timeout(900)
def test_every_history_goes_as_the_model_says(database_url: str) -> None:
    seen: Counter[str] = Counter()
    with asyncio.Runner() as runner:
        connection = runner.run(connect(database_url))

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        )
        @given(histories)
        def every_history(steps: list[Step]) -> None:
            runner.run(take_and_undo(connection, steps, seen))

        every_history()
        runner.run(connection.close())
    if EXAMPLES >= 200:
        assert {outcome for outcome in OUTCOMES if seen[outcome] < EXAMPLES / 50} == set(), "too rarely tried"


async def connect(dsn: str) -> Connection:
    connection = await asyncpg.connect(dsn, server_settings={"jit": "off", "timezone": "UTC"})
    for account in ACCOUNTS:
        await connection.execute("insert into accounts (id, email) values ($1, $1)", account)
    return connection


async def take_and_undo(connection: Connection, steps: Sequence[Step], seen: Counter[str]) -> None:
    """Take the steps in a transaction that is rolled back; what that leaves behind is swept now and then."""
    seen["histories"] += 1
    if seen["histories"] % 50 == 0:
        await connection.execute("vacuum wallets, lots, reservations, ledger")
    transaction = connection.transaction()
    await transaction.start()
    try:
        await History(connection, seen).take(steps)
    finally:
        await transaction.rollback()
