"""Every janitor there is."""

from __future__ import annotations

from rivya.queue.janitors import (
    invariants,
    lapsed_credits,
    lapsed_turns,
    lost_deliveries,
    lost_jobs,
    notices,
    old_deliveries,
    old_files,
    old_records,
    old_sessions,
    old_sign_ins,
    past_deadlines,
)

JANITORS = (
    past_deadlines.JANITOR,
    lost_jobs.JANITOR,
    lost_deliveries.JANITOR,
    lapsed_turns.JANITOR,
    lapsed_credits.JANITOR,
    old_records.JANITOR,
    old_files.JANITOR,
    old_sessions.JANITOR,
    old_sign_ins.JANITOR,
    old_deliveries.JANITOR,
    notices.JANITOR,
    invariants.JANITOR,
)
