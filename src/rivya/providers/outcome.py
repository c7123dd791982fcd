"""What a provider may answer. Outcomes are values, not exceptions: each names what is known about the work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Reason = Literal["upstream_error", "timeout", "content_rejected", "invalid_input", "cancelled"]


@dataclass(frozen=True, slots=True)
class Output:
    """One result: a file on this machine's disk, which is moved away, or bytes."""

    content: Path | bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """The work is under way; ``handle`` finds it again, also from another process."""

    handle: str


@dataclass(frozen=True, slots=True)
class Running:
    """Not done yet. ``progress`` is 0 to 100 where the provider tells."""

    progress: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """Finished, best output first."""

    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Surely no billable work was done, so that another provider may be asked.

    ``retryable``: the same provider may accept it later. ``detail`` is for the log. ``public_message``, where
    set, was written for the caller by code of ours and names what the caller can change.
    """

    reason: Reason
    retryable: bool = False
    detail: str = ""
    public_message: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The provider worked and ended without a usable result: nobody else is asked.

    ``down``: it says itself that it can do no work of this kind at all, whatever it is asked.
    """

    reason: Reason
    detail: str = ""
    public_message: str | None = None
    down: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """No telling: the connection broke, or the answer made no sense. The work may be going on."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """The provider does not know this handle: the work is not going on there and never will."""


Submitted = Accepted | Done | Refused | Failed | Unknown
Checked = Running | Done | Refused | Failed | Unknown | Lost
