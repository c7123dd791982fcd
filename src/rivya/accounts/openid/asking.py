"""Requests to those who vouch: small JSON, bounded in time and size."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from rivya.accounts.openid.claims import IssuerFailed
from rivya.kit.outbound import Outbound, OutboundError, Patience

_MOST_BYTES = 512 * 1024
_PATIENCE = Patience(connect_s=5.0, answer_s=10.0, silence_s=10.0, total_s=15.0)


async def get(outbound: Outbound, url: str, *, bearer: str | None = None) -> Any:
    """Return the JSON at a URL. Raises IssuerFailed."""
    headers = {"Accept": "application/json"}
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    return await _answer(outbound, "GET", url, headers=headers, body=None)


async def post(
    outbound: Outbound, url: str, form: Mapping[str, str], *, basic: tuple[str, str] | None = None
) -> dict[str, Any]:
    """Send a form and return the JSON object that is answered. Raises IssuerFailed.

    ``basic`` are a client's id and secret, for the header (RFC 6749, section 2.3.1).
    """
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    if basic is not None:
        pair = ":".join(quote(part, safe="") for part in basic)
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    found = await _answer(outbound, "POST", url, headers=headers, body=urlencode(form).encode())
    if not isinstance(found, dict):
        raise IssuerFailed(f"{url} answered no JSON object")
    return found  # pyright: ignore[reportUnknownVariableType]


async def _answer(outbound: Outbound, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None) -> Any:
    try:
        async with outbound.request(method, url, headers=headers, body=body, patience=_PATIENCE) as answer:
            content = b"".join([piece async for piece in answer.chunks(most_bytes=_MOST_BYTES)])
            status = answer.status
    except OutboundError as error:
        raise IssuerFailed(f"{url}: {type(error).__name__}: {error}") from error
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IssuerFailed(f"{url} answered {status} without JSON") from error
    if status != 200:
        # Only the code of RFC 6749, section 5.2: whatever else an answer holds may be a secret.
        code = found.get("error") if isinstance(found, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        raise IssuerFailed(f"{url} answered {status}: {str(code)[:100]!r}")  # pyright: ignore[reportUnknownArgumentType]
    return found
