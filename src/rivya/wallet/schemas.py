"""Credits as they go over the wire."""

from __future__ import annotations

import msgspec


class ExpiringCredits(msgspec.Struct, frozen=True):
    """Credits of one lot that lapse at ``expires_at`` unless they are spent."""

    credits: int
    expires_at: str


class CreditsObject(msgspec.Struct, frozen=True):
    """``current_credits`` can be spent now; ``expiring_soon`` are those of them that lapse within 30 days."""

    current_credits: int
    reserved_credits: int
    expiring_soon: list[ExpiringCredits]
