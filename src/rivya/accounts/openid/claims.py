"""What somebody else says of a person, and the ways in which they can fail to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claims:
    """Who signed in there. ``email`` is empty when the issuer told none; ``proven``: it says that it is theirs."""

    issuer: str
    subject: str
    email: str
    proven: bool
    name: str


class IssuerFailed(Exception):
    """The issuer could not be reached, or did not speak as it should. The message is for the operator's log."""


class BadToken(IssuerFailed):
    """What came as the issuer's word is not it."""
