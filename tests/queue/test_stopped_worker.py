"""A worker is told to stop: it gives its tasks away at once and ends."""

from __future__ import annotations

import signal
import time

from tests.queue.conftest import System
from tests.running import eventually

AT_ONCE_S = 3.0  # a lease lasts 10


def test_its_tasks_go_to_another_worker_at_once(system: System) -> None:
    stopping, _ = system.worker()
    tasks = [system.started(delay_s=15) for _ in range(3)]
    _, heir = system.worker()

    stopping.send_signal(signal.SIGTERM)

    held = "select 1 from tasks where id = any($1) and worker_id = $2"
    eventually(lambda: len(system.sql(held, tasks, heir)) == len(tasks), within_s=AT_ONCE_S)
    for task in tasks:
        system.client.post(f"/api/v1/generations/{task}/cancel")
        assert system.client.ended(task)["error"]["reason"] == "cancelled"


def test_an_idle_worker_ends_at_once(system: System) -> None:
    worker, _ = system.worker()
    began = time.monotonic()
    system.rivya.stop(worker)
    assert time.monotonic() - began < AT_ONCE_S
    assert worker.returncode == 0


def test_a_submission_in_hand_is_finished_first(system: System) -> None:
    worker, _ = system.worker()
    task = system.start(submit_delay_s=1.5, delay_s=1)
    eventually(lambda: system.submissions(task))
    system.rivya.stop(worker)
    assert system.sql("select handle from attempts where task_id = $1", task)[0]["handle"] is not None
    system.worker()
    assert system.client.ended(task)["status"] == "succeeded"
    assert system.submissions(task) == 1


def test_a_worker_that_comes_later_takes_the_tasks_over(system: System) -> None:
    worker, _ = system.worker()
    task = system.started(delay_s=2)
    system.rivya.stop(worker)
    assert system.client.task(task)["status"] == "processing"
    system.worker()
    assert system.client.ended(task, within_s=8)["status"] == "succeeded"
    assert system.submissions(task) == 1


def test_tasks_wait_for_a_worker_when_there_is_none(system: System) -> None:
    task = system.start()
    assert system.client.task(task)["status"] == "queued"
    system.worker()
    assert system.client.ended(task)["status"] == "succeeded"
