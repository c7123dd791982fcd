"""Webhooks: an account hears of its tasks' ends at endpoints of its own; and vendors' callbacks are heard here."""
