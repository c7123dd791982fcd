"""GET /api/v1/credits/transactions: the ledger as the account sees it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from rivya.kit.clock import utc_now
from rivya.kit.db import open_pool
from rivya.kit.ids import AccountId
from rivya.wallet import service as wallet
from tests.api.conftest import Installation
from tests.running import Client

PATH = "/api/v1/credits/transactions"


def short(one: dict[str, Any]) -> tuple[str, int, int]:
    return one["type"], one["credits"], one["spent_credits"]


def test_each_thing_that_happened_is_one_entry_newest_first(client: Client) -> None:
    task = client.generate({"model": "scripted"}).json["id"]
    client.ended(task)
    failed = client.generate({"model": "scripted", "params": {"outcome": "failed"}}).json["id"]
    client.ended(failed)
    found = client.get(PATH).json
    assert [short(one) for one in found["data"]] == [
        ("release", 2, 0),
        ("reserve", -2, 0),
        ("settle", 0, 2),
        ("reserve", -2, 0),
        ("grant", 100, 0),
    ]
    assert [one["reference"] for one in found["data"]] == [failed, failed, task, task, None]
    assert found["data"][-1]["source"] == "grant"
    assert len({one["id"] for one in found["data"]}) == 5
    balance = client.get("/api/v1/credits").json["current_credits"]
    assert sum(one["credits"] for one in found["data"]) == balance


def test_an_entry_over_many_lots_is_one_and_pages_do_not_cut_it(
    client: Client, account: AccountId, installation: Installation
) -> None:
    async def many_lots() -> None:
        async with open_pool(installation.database_url, size=1) as pool:
            for number in range(70):
                await wallet.grant(
                    pool,
                    account=account,
                    business_id=f"lot{number}",
                    source="pack",
                    credits=1,
                    expires_at=utc_now() + timedelta(days=1 + number),
                )
            await wallet.reserve(pool, account=account, credits=71, reason="task_wide")
            await wallet.release(pool, account=account, reason="task_wide")

    asyncio.run(many_lots())
    first = client.get(f"{PATH}?limit=1").json
    second = client.get(f"{PATH}?limit=1&cursor={first['next_cursor']}").json
    third = client.get(f"{PATH}?limit=100&cursor={second['next_cursor']}").json
    assert short(first["data"][0]) == ("release", 71, 0)
    assert short(second["data"][0]) == ("reserve", -71, 0)
    assert [short(one) for one in third["data"]] == [("grant", 1, 0)] * 70 + [("grant", 100, 0)]
    assert (third["has_more"], third["next_cursor"]) == (False, None)


def test_entries_of_one_type(client: Client) -> None:
    client.ended(client.generate({"model": "scripted"}).json["id"])
    assert [one["type"] for one in client.get(f"{PATH}?type=settle").json["data"]] == ["settle"]
    answer = client.get(f"{PATH}?type=gift")
    assert (answer.status, answer.json["error"]["param"]) == (400, "type")


def test_the_ledgers_own_numbers_are_not_shown(client: Client, installation: Installation, account: AccountId) -> None:
    rows = installation.sql("select id from ledger where account_id = $1", account)
    (one,) = client.get(PATH).json["data"]
    assert set(one) == {"id", "object", "type", "credits", "spent_credits", "reference", "source", "created_at"}
    assert all(str(row["id"]) != one["id"] for row in rows)
