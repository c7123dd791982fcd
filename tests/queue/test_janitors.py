"""What janitors put right, each called directly instead of waited for."""

from __future__ import annotations

from rivya.queue.janitors import lapsed_credits, lost_jobs, old_records, past_deadlines
from rivya.queue.janitors.all import JANITORS
from tests.queue.conftest import System

LOSE = "delete from pgqueuer where payload like convert_to('% ' || $1, 'UTF8') returning 1"
AGE = "update tasks set created_at = created_at - interval '31 seconds' where id = $1"
JOBS = "select 1 from pgqueuer where payload like convert_to('% ' || $1, 'UTF8')"


def test_a_queued_task_whose_job_was_lost_is_queued_again_and_finishes(system: System) -> None:
    task = system.start()
    assert system.sql(LOSE, task)
    system.sql(AGE, task)

    assert system.sweep(lost_jobs.JANITOR) == 1

    system.worker()
    assert system.client.ended(task)["status"] == "succeeded"


def test_a_task_that_has_its_job_gets_no_second_one(system: System) -> None:
    task = system.start()
    system.sql(AGE, task)
    assert system.sweep(lost_jobs.JANITOR) == 0
    assert len(system.sql(JOBS, task)) == 1
    cancel(system, task)


def test_a_task_that_was_only_just_accepted_is_left_alone(system: System) -> None:
    task = system.start()
    system.sql(LOSE, task)
    assert system.sweep(lost_jobs.JANITOR) == 0
    cancel(system, task)


def test_a_task_past_its_deadline_fails_with_its_credits_back(system: System) -> None:
    task = system.start()
    before = system.balance()
    system.sql("update tasks set deadline_at = now() where id = $1", task)
    assert system.sweep(past_deadlines.JANITOR) == 1
    assert system.client.task(task)["error"]["reason"] == "timeout"
    assert system.balance().available == before.available + 2


def test_a_task_with_time_left_is_not_ended(system: System) -> None:
    task = system.start()
    assert system.sweep(past_deadlines.JANITOR) == 0
    cancel(system, task)


def test_an_idempotency_key_is_kept_for_at_least_a_day(system: System) -> None:
    first = send_with_key(system, "young")
    system.sql("update idempotency_keys set created_at = now() - interval '25 hours' where key = 'young'")
    system.sweep(old_records.JANITOR)
    assert send_with_key(system, "young") == first
    cancel(system, first)


def test_an_idempotency_key_is_forgotten_after_two_days(system: System) -> None:
    first = send_with_key(system, "old")
    system.sql("update idempotency_keys set created_at = now() - interval '49 hours' where key = 'old'")
    system.sweep(old_records.JANITOR)
    second = send_with_key(system, "old")
    assert second != first
    cancel(system, first)
    cancel(system, second)


def test_a_silent_worker_without_tasks_is_forgotten(system: System) -> None:
    system.sql("insert into workers values ('wkr_gone', 'h', 1, now(), now() - interval '2 hours')")
    system.sweep(old_records.JANITOR)
    assert system.sql("select 1 from workers where id = 'wkr_gone'") == []


def test_a_silent_worker_with_tasks_is_remembered(system: System) -> None:
    task = system.start()
    system.sql("insert into workers values ('wkr_busy', 'h', 1, now(), now() - interval '2 hours')")
    system.sql("update tasks set status = 'processing', worker_id = 'wkr_busy' where id = $1", task)
    system.sweep(old_records.JANITOR)
    assert system.sql("select 1 from workers where id = 'wkr_busy'")
    system.sql("update tasks set status = 'queued', worker_id = null where id = $1", task)
    cancel(system, task)


def test_credits_past_their_expiry_lapse(system: System) -> None:
    grant = "select wallet_grant($1, $2, 'grant', 7, now() - interval '1 second', '', now() - interval '1 day')"
    before = system.balance()
    system.sql(grant, system.account, "lapsing")
    assert system.sweep(lapsed_credits.JANITOR) == 7
    assert system.balance() == before


def test_every_janitor_may_sweep_where_there_is_nothing_to_do(system: System) -> None:
    system.sweep(old_records.JANITOR)  # what other tests left
    for janitor in JANITORS:
        assert system.sweep(janitor) == 0, janitor.name


def cancel(system: System, task: str) -> None:
    assert system.client.post(f"/api/v1/generations/{task}/cancel").json["status"] == "failed"


def send_with_key(system: System, key: str) -> str:
    return system.client.generate({"model": "scripted"}, headers={"Idempotency-Key": key}).json["id"]
