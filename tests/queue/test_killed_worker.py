"""A worker is killed in the middle of its work: another one goes on, and no provider is asked twice.

The scenario runs once; each test looks at one of the tasks that it left behind.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.queue.conftest import System
from tests.running import eventually

PROMISED_S = 15.0


@dataclass
class Aftermath:
    system: System
    working: list[str]
    """Tasks that the provider had accepted and was working on."""
    accepting: str
    """A task that the provider was accepting, and can find again."""
    forgotten: str
    """A task that the provider was accepting, and cannot find again."""
    took_s: float
    """How long after the death the last of them had ended."""

    def ended(self, task: str) -> Any:
        return self.system.client.task(task)


@pytest.fixture(scope="module")
def aftermath(api: System) -> Iterator[Aftermath]:
    doomed, doomed_id = api.worker()
    working = [api.started(delay_s=2.5) for _ in range(4)]
    accepting = api.start(submit_delay_s=50, lookup="true")
    forgotten = api.start(submit_delay_s=50, lookup="false")
    eventually(lambda: api.submissions(accepting) and api.submissions(forgotten))
    heir, _ = api.worker()
    held = {row["id"] for row in api.sql("select id from tasks where worker_id = $1", doomed_id)}
    assert held >= {accepting, forgotten}
    api.rivya.stop(doomed, signal.SIGKILL)
    died = time.monotonic()
    for task in (*working, accepting, forgotten):
        api.client.ended(task, within_s=60)
    yield Aftermath(api, working, accepting, forgotten, time.monotonic() - died)
    api.rivya.stop(heir)


def test_its_tasks_have_ended_within_15_seconds_of_its_death(aftermath: Aftermath) -> None:
    assert aftermath.took_s < PROMISED_S


def test_what_the_provider_was_working_on_succeeds(aftermath: Aftermath) -> None:
    assert {aftermath.ended(task)["status"] for task in aftermath.working} == {"succeeded"}


def test_a_submission_cut_off_in_the_middle_is_found_again_where_the_provider_can(aftermath: Aftermath) -> None:
    assert aftermath.ended(aftermath.accepting)["status"] == "succeeded"


def test_a_submission_that_nobody_can_find_again_fails_with_its_credits_back(aftermath: Aftermath) -> None:
    task = aftermath.ended(aftermath.forgotten)
    assert (task["status"], task["error"]["reason"], task["final_credits"]) == ("failed", "upstream_error", 0)
    assert aftermath.system.balance().reserved == 0


def test_no_task_was_submitted_twice(aftermath: Aftermath) -> None:
    tasks = [*aftermath.working, aftermath.accepting, aftermath.forgotten]
    assert [aftermath.system.submissions(task) for task in tasks] == [1] * len(tasks)


def test_no_job_is_left_in_the_queue(aftermath: Aftermath) -> None:
    """The jobs of the two submissions were in the dead worker's hands; the queue's own lease frees them."""
    eventually(lambda: not aftermath.system.sql("select 1 from pgqueuer"), within_s=40, every_s=0.5)
    tasks = [aftermath.accepting, aftermath.forgotten]
    assert [aftermath.system.submissions(task) for task in tasks] == [1, 1]
