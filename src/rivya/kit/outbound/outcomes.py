"""How a request that leaves can come to nothing."""

from __future__ import annotations


class OutboundError(Exception):
    """The request came to nothing."""


class Refused(OutboundError):
    """The URL is not allowed. Decided by its text alone, so the reason may be shown to whoever gave it."""

    def __init__(self, reason: str) -> None:
        """``reason`` is what the URL must be, without a subject: "must begin with https://"."""
        super().__init__(reason)
        self.reason = reason


class Unreachable(OutboundError):
    """No connection was made: nothing was sent, so nothing was done."""


class NotPublic(Unreachable):
    """The host has an address inside a network. To tell this from Unreachable is to tell what is there."""


class Broken(OutboundError):
    """The connection broke, or what came was no HTTP. The request may have been heard."""


class TooSlow(OutboundError):
    """The time for it is over. The request may have been heard."""


class TooLarge(OutboundError):
    """The answer is longer than it may be."""
