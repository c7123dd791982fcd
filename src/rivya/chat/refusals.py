"""What a caller is told of a turn that did not begin, or did not come to its end."""

from __future__ import annotations

import asyncpg

from rivya.chat.model import Failure
from rivya.chat.prepare import Prepared, busy, no_session
from rivya.chat.turns import in_flight
from rivya.errors import IdempotencyConflict, NotFound, PublicError, UpstreamUnavailable, ValidationFailed
from rivya.keys.caller import source_of
from rivya.keys.limits import limit_reached
from rivya.wallet.service import short_of_credits


def refusal(prepared: Prepared, row: asyncpg.Record) -> PublicError:
    """Return the error for a turn that chat_begin refused."""
    turn = prepared.beginning.turn
    match row["outcome"]:
        case "conflict":
            return IdempotencyConflict()
        case "in_flight":
            return in_flight()
        case "no_session":
            return no_session(turn.model, source_of(prepared.beginning.caller))
        case "busy":
            return busy()
        case "no_wallet":
            return NotFound("There is no such account.")
        case "account_full" | "key_full" | "spend_limit":
            limits, left = prepared.beginning.caller.limits, row["available"]
            return limit_reached(row["outcome"], limits, credits=turn.reserved_credits, credits_left=left)
        case _:
            return short_of_credits(turn.reserved_credits, row["available"])


def failed(failure: Failure | None) -> PublicError:
    """Return the error for a turn that ended otherwise than it should."""
    match failure:
        case "too_long":
            return ValidationFailed("message is too long for this model.", param="message")
        case "rejected":
            return ValidationFailed("The model's provider refuses to answer this message.", param="message")
        case "timeout":
            return UpstreamUnavailable("The model did not answer in time.")
        case "lost":
            return UpstreamUnavailable("The answer was cut short, because this service is about to restart.")
        case "empty":
            return UpstreamUnavailable("The model gave no answer: nothing was charged.")
        case _:
            return broken_off()


def broken_off() -> UpstreamUnavailable:
    """Return the error for an answer that did not come to its end."""
    return UpstreamUnavailable("The model's provider could not be reached, or it broke off.")
