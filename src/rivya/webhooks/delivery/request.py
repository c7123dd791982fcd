"""One request to an endpoint, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rivya.kit.clock import utc_now
from rivya.kit.outbound import Answer, Outbound, OutboundError, Patience, Refused, TooSlow, Unreachable
from rivya.webhooks.delivery.schedule import retry_after_s

TIMEOUT_S = 10.0
_MOST_BODY_BYTES = 4096
_GONE = 410


@dataclass(frozen=True, slots=True)
class Response:
    """What came of a request. ``error`` is None when the endpoint took it; it is meant for the endpoint's owner."""

    at: datetime
    duration_ms: int
    status: int | None = None
    body: str | None = None
    error: str | None = None
    asked_s: float | None = None
    """How long the endpoint asked us to wait."""

    @property
    def taken(self) -> bool:
        return self.error is None

    @property
    def gone(self) -> bool:
        return self.status == _GONE


async def post(outbound: Outbound, url: str, *, headers: Mapping[str, str], body: bytes) -> Response:
    """Send a body once, within ten seconds. Redirects are not followed: they are failures like any other answer.

    The endpoint took it when it answered 2xx and the whole answer came, or as much of it as is kept. One that breaks
    off is a failure: it may have been a proxy's, made before anything was done.
    """
    at, began = utc_now(), time.perf_counter()
    kept, status, error, asked_s = bytearray(), None, None, None
    waits = Patience(answer_s=TIMEOUT_S, silence_s=TIMEOUT_S, total_s=TIMEOUT_S)
    try:
        async with outbound.request("POST", url, headers=headers, body=body, patience=waits) as answer:
            status = answer.status
            asked_s = retry_after_s(answer.headers.get("Retry-After"), now=at)
            await _keep(answer, kept)
            error = _unless_taken(status)
    except OutboundError as fault:
        error = _told(fault)
    return Response(
        at=at,
        duration_ms=round(1000 * (time.perf_counter() - began)),
        status=status,
        body=shown(kept) if status is not None else None,
        error=error,
        asked_s=asked_s,
    )


def shown(body: bytes | bytearray) -> str:
    """Return the beginning of an answer as text that a database keeps and a page shows: at most 4 KB of UTF-8."""
    text = bytes(body[:_MOST_BODY_BYTES]).decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text.encode()[:_MOST_BODY_BYTES].decode("utf-8", "ignore")


async def _keep(answer: Answer, kept: bytearray) -> None:
    while len(kept) < _MOST_BODY_BYTES and (piece := await answer.piece()):
        kept += piece


def _unless_taken(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"The endpoint answered {status}. Redirects are not followed."
    return f"The endpoint answered {status}."


def _told(fault: OutboundError) -> str:
    """Return words that tell nothing of the network that we stand in: inside and not there are the same."""
    match fault:
        case Refused():
            return f"Not sent: the URL {fault.reason}."
        case Unreachable():
            return "No connection: the host cannot be reached, or its certificate is not valid."
        case TooSlow():
            return f"No whole answer within {TIMEOUT_S:.0f} seconds."
        case _:
            return "The connection broke before the whole answer had come."
