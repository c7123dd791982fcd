"""Webhook deliveries are forgotten when nobody asks about them any more; the events of tasks are not."""

from __future__ import annotations

from rivya.kit.ids import new_id
from rivya.queue.janitors import lost_deliveries, old_deliveries
from tests.queue.conftest import System


def add(system: System, *, status: str, days: int, test: bool = True) -> tuple[str, str]:
    """Add an event with one delivery, made so many days ago, that was attempted once; return both ids."""
    event, delivery = new_id("evt"), new_id("whdel")
    at = "now() - make_interval(days => $3)"
    system.sql(
        f"""insert into events (account_id, id, type, task_id, created_at)
            values ($1, $2, $4, case when $4 <> 'webhook.test' then $2 end, {at})""",
        *(system.account, event, days, "webhook.test" if test else "generation.failed"),
    )
    system.sql(
        f"""insert into webhook_deliveries (account_id, id, endpoint_id, event_id, event_type, status, attempts,
                                            next_attempt_at, created_at, updated_at)
            values ($1, $2, 'whend_1', $4, 'webhook.test', $5, 1, case $5 when 'pending' then now() end, {at}, {at})""",
        *(system.account, delivery, days, event, status),
    )
    system.sql(
        """insert into webhook_attempts (account_id, delivery_id, number, at, duration_ms)
           values ($1, $2, 1, now(), 1)""",
        *(system.account, delivery),
    )
    return event, delivery


def forget_all(system: System) -> None:
    for table in ("events", "webhook_deliveries", "webhook_attempts", "webhook_lanes"):
        system.sql(f"delete from {table} where account_id = $1", system.account)


def test_old_deliveries_go_with_their_attempts_and_those_that_are_younger_or_wait_stay(system: System) -> None:
    kept = [add(system, status="succeeded", days=29), add(system, status="pending", days=31)]
    gone = [add(system, status="succeeded", days=31), add(system, status="failed", days=200)]
    of_a_task, _ = add(system, status="failed", days=200, test=False)

    assert system.sweep(old_deliveries.JANITOR) == 4  # three deliveries, and the test event of 200 days ago

    left = {row["id"] for row in system.sql("select id from webhook_deliveries")}
    assert left == {delivery for _, delivery in kept}
    assert {row["delivery_id"] for row in system.sql("select delivery_id from webhook_attempts")} == left
    events = {row["id"] for row in system.sql("select id from events where account_id = $1", system.account)}
    assert events == {*(event for event, _ in kept), gone[0][0], of_a_task}
    assert system.sweep(old_deliveries.JANITOR) == 0
    forget_all(system)


def test_a_delivery_that_nobody_would_look_at_is_found(system: System) -> None:
    add(system, status="pending", days=0)
    assert system.sweep(lost_deliveries.JANITOR) == 0
    system.sql("update webhook_lanes set due_at = null")
    assert system.sweep(lost_deliveries.JANITOR) == 1
    assert system.sql("select due_at <= now() as due from webhook_lanes")[0]["due"]
    forget_all(system)
