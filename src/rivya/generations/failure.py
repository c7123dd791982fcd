"""Why a task failed, in words that may be shown to anybody."""

from __future__ import annotations

import msgspec

from rivya.providers.outcome import Reason

_MESSAGES: dict[Reason, str] = {
    "upstream_error": "The model ended without a usable result. The reserved credits are back in your wallet.",
    "timeout": "The model did not finish in time. The reserved credits are back in your wallet.",
    "content_rejected": "The model refused this content. The reserved credits are back in your wallet.",
    "invalid_input": "The model cannot work with this input. The reserved credits are back in your wallet.",
    "cancelled": "The task was cancelled. The reserved credits are back in your wallet.",
}


class TaskError(msgspec.Struct, frozen=True):
    """``error`` of a failed task."""

    code: str
    """For programs: always `generation_failed`."""
    message: str
    """For people."""
    reason: Reason
    """For programs: why."""


def task_error(reason: Reason, public_message: str | None = None) -> TaskError:
    """Return the error of a task that failed for this reason."""
    return TaskError("generation_failed", public_message or _MESSAGES[reason], reason)
