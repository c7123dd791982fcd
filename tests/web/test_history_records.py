"""What the pages of history read, on a real database."""

from __future__ import annotations

import json

import pytest

from rivya.errors import NotFound
from rivya.generations.states import STATUSES
from rivya.kit.db import Pool
from rivya.kit.ids import AccountId, new_id
from rivya.kit.pages import page
from rivya.web.history import records as records_module
from rivya.web.history.model import Filters, refund
from rivya.web.history.records import Records
from tests.factories import BEGIN_TASK, accept_task, begin_turn, day, end_turn, make_account, make_key

RESULT = json.dumps({"media": [{"key": "results/a/b/1-0.png", "mime_type": "image/png", "size_bytes": 12}]})
ERROR = json.dumps({"code": "generation_failed", "message": "It did not work.", "reason": "upstream_error"})


async def make_task(
    pool: Pool,
    account: AccountId,
    *,
    source: str = "api",
    status: str = "queued",
    prompt: str = "a hill",
    final: int = 4,
) -> str:
    """Accept a task and bring it to a state."""
    task = new_id("task")
    await accept_task(pool, account, id=task, source=source)
    await pool.execute("update tasks set prompt = $2 where id = $1", task, prompt)
    if status != "queued":
        await pool.execute(BEGIN_TASK, account, task, day(0.1))
    if status in ("succeeded", "failed"):
        ended = await pool.fetchval(
            "select generation_end($1, $2, null, $3, $4, $5, $6, $3, $7, $8)",
            account,
            task,
            status,
            final if status == "succeeded" else 0,
            RESULT if status == "succeeded" else None,
            ERROR if status == "failed" else None,
            new_id("evt"),
            day(0.2),
        )
        assert ended
    return task


async def ids(pool: Pool, account: AccountId, filters: Filters, *, limit: int = 20, cursor: str | None = None):
    found = await Records(pool).generations(account, page(str(limit), cursor, of="test"), filters)
    return [row.id for row in found.rows], found.after


async def test_tasks_are_listed_newest_first_and_by_what_is_asked_for(pool: Pool) -> None:
    account = await make_account(pool, credits=100)
    other = await make_account(pool, credits=100)
    await make_task(pool, other)
    api = await make_task(pool, account, prompt="A Lighthouse at 100%")
    failed = await make_task(pool, account, status="failed")
    studio = await make_task(pool, account, source="studio", status="succeeded")

    assert (await ids(pool, account, Filters()))[0] == sorted([api, failed, studio], reverse=True)
    assert await ids(pool, account, Filters(source="studio")) == ([studio], None)
    assert set((await ids(pool, account, Filters(source="api")))[0]) == {api, failed}
    assert await ids(pool, account, Filters(status="failed")) == ([failed], None)
    assert await ids(pool, account, Filters(text="lighthouse")) == ([api], None)
    assert await ids(pool, account, Filters(text="100%")) == ([api], None)
    assert await ids(pool, account, Filters(text="_")) == ([], None)
    assert await ids(pool, account, Filters(text=studio)) == ([studio], None)
    assert await ids(pool, account, Filters(model="another")) == ([], None)


async def test_pages_show_each_task_once(pool: Pool) -> None:
    account = await make_account(pool, credits=100)
    made = [await make_task(pool, account) for _ in range(5)]
    records = Records(pool)
    seen: list[str] = []
    after: str | None = None
    while True:
        asked = page("2", None, of="test")
        asked = type(asked)(asked.limit, after, asked.list)
        found = await records.generations(account, asked, Filters())
        seen += [row.id for row in found.rows]
        if (after := found.after) is None:
            break
    assert seen == sorted(made, reverse=True)


async def test_a_rare_thing_is_looked_for_a_bounded_stretch_at_a_time(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records_module, "LOOKED_AT", 3)
    account = await make_account(pool, credits=100)
    rare = await make_task(pool, account, prompt="rare")
    for _ in range(4):
        await make_task(pool, account)
    first, after = await ids(pool, account, Filters(text="rare"))
    assert first == []
    assert after is not None
    asked = page(None, None, of="test")
    found = await Records(pool).generations(account, type(asked)(20, after, asked.list), Filters(text="rare"))
    assert ([row.id for row in found.rows], found.after) == ([rare], None)


async def test_a_task_tells_its_key_its_attempts_and_its_media(pool: Pool) -> None:
    account = await make_account(pool, credits=100)
    key = await make_key(pool, account)
    task = await make_task(pool, account, status="succeeded", final=3)
    await pool.execute("update tasks set key_id = $2, client_request_id = 'mine' where id = $1", task, key)

    found = await Records(pool).generation(account, task)
    assert (found.key_name, found.key_prefix, found.client_request_id) == ("test", "rvya_sk_", "mine")
    assert [(one.number, one.outcome) for one in found.attempts] == [(1, "succeeded")]
    assert [media.mime_type for media in found.generation.media] == ["image/png"]
    assert (found.generation.refund.state, found.generation.refund.credits) == ("part", 1)


async def test_somebody_elses_task_and_session_are_not_found(pool: Pool) -> None:
    owner, other = await make_account(pool, credits=100), await make_account(pool)
    task, turn = await make_task(pool, owner), new_id("x").removeprefix("x_")
    await begin_turn(pool, owner, turn)
    records = Records(pool)
    assert (await records.generation(owner, task)).generation.id == task
    assert await records.chat_source(owner, f"chat_{turn}") == "api"
    for missing in (task, new_id("task"), "task_1", ""):
        with pytest.raises(NotFound):
            await records.generation(other, missing)
    for missing in (f"chat_{turn}", "chat_1"):
        with pytest.raises(NotFound):
            await records.chat_source(other, missing)


async def test_sessions_are_listed_by_source_and_title(pool: Pool) -> None:
    account = await make_account(pool, credits=100)
    turns = [new_id("x").removeprefix("x_") for _ in range(2)]
    for turn in turns:
        await begin_turn(pool, account, turn)
    first, second = (f"chat_{turn}" for turn in turns)
    await pool.execute("update chat_sessions set source = 'studio', title = 'Capitals' where id = $1", first)

    async def listed(filters: Filters) -> set[str]:
        return {row.id for row in (await Records(pool).chats(account, page(None, None, of="test"), filters)).rows}

    assert await listed(Filters()) == {first, second}
    assert await listed(Filters(source="studio")) == {first}
    assert await listed(Filters(source="api")) == {second}
    assert await listed(Filters(text="capital")) == {first}


async def test_an_empty_history_is_an_empty_page(pool: Pool) -> None:
    account = await make_account(pool)
    assert await ids(pool, account, Filters()) == ([], None)
    found = await Records(pool).chats(account, page(None, None, of="test"), Filters())
    assert (list(found.rows), found.after) == ([], None)


async def test_what_was_spent_is_summed_by_day_for_tasks_and_chats(pool: Pool) -> None:
    account = await make_account(pool, credits=100)
    other = await make_account(pool, credits=100)
    for who in (account, account, other):
        await make_task(pool, who, status="succeeded", final=3)
    await begin_turn(pool, account, "a")
    await end_turn(pool, account, "a", credits=2, at=1.5)
    records = Records(pool)
    assert await records.spent_by_day(account, since=day(0)) == {day(0).date(): 6, day(1).date(): 2}
    assert await records.spent_by_day(account, since=day(1)) == {day(1).date(): 2}


@pytest.mark.parametrize(
    ("status", "final", "expected"),
    [
        ("queued", 0, ("held", 4)),
        ("processing", 0, ("held", 4)),
        ("succeeded", 4, ("none", 0)),
        ("succeeded", 1, ("part", 3)),
        ("failed", 0, ("full", 4)),
    ],
)
def test_refund_state(status: str, final: int, expected: tuple[str, int]) -> None:
    assert status in STATUSES
    found = refund(status, reserved=4, final=final)  # type: ignore[arg-type]
    assert (found.state, found.credits) == expected
