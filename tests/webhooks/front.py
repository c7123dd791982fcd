"""What a test of the calls begins with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rivya.kit.clock import utc_now
from rivya.kit.ids import first_id, new_id
from tests.api.conftest import Installation
from tests.running import Client

WEBHOOKS = "/api/v1/webhooks"
EVENTS = "/api/v1/webhook-events"
URL = "https://93.184.216.34/hook"
"""A public address, so that nothing is looked up; and nothing is sent there: no worker runs."""

BOTH = ["generation.succeeded", "generation.failed"]
WANTED = {"name": "mine", "url": URL, "event_types": BOTH}


def made(client: Client, **different: Any) -> Any:
    """Make an endpoint; return it as it was answered."""
    answer = client.post(WEBHOOKS, WANTED | different)
    assert answer.status == 201, answer.body
    return answer.json


RESULT = '{"media":[{"key":"results/a.png","mime_type":"image/png","size_bytes":1}]}'
ERROR = '{"code":"generation_failed","message":"no","reason":"timeout"}'


def add_event(
    installation: Installation, account: str, *, type: str = "generation.succeeded", ago_s: float = 0.0
) -> str:
    """Add a task that ended so many seconds ago, with its event; return the event's id."""
    succeeded = type == "generation.succeeded"
    at = utc_now() - timedelta(seconds=ago_s)
    event = first_id("evt", int(at.timestamp() * 1000))[:-6] + new_id("evt")[-6:]
    installation.sql(
        """with task as (
               insert into tasks (account_id, id, source, status, model, params, reserved_credits, result, error,
                                  deadline_at, created_at, updated_at)
               values ($1, $2, 'api', $3, 'scripted', '{}', 0, $4, $5, $6, $6, $6)
           )
           insert into events (account_id, id, type, task_id, created_at) values ($1, $7, $8, $2, $6)""",
        account,
        new_id("task"),
        type.rsplit(".", 1)[1],
        RESULT if succeeded else None,
        None if succeeded else ERROR,
        at,
        event,
        type,
    )
    return event
