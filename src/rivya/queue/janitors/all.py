"""Every janitor there is."""

from __future__ import annotations

from rivya.queue.janitors import (
    invariants,
    lapsed_credits,
    lapsed_turns,
    lost_jobs,
    old_files,
    old_records,
    old_sessions,
    past_deadlines,
)

JANITORS = (
    past_deadlines.JANITOR,
    lost_jobs.JANITOR,
    lapsed_turns.JANITOR,
    lapsed_credits.JANITOR,
    old_records.JANITOR,
    old_files.JANITOR,
    old_sessions.JANITOR,
    invariants.JANITOR,
)
