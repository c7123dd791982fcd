"""What a built-in engine is: plain code that turns a job into files, inside a process of its own.

An engine knows nothing of tasks, accounts or money. ``engines/host.py`` starts one process for each engine,
sends it jobs and reads its answers; ``engines/child.py`` is that process; ``providers/engines.py`` makes the
engines look like any other provider.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

Progress = Callable[[int], None]
"""Called with 0 to 100 as work goes on; never with a smaller number than before."""


class EngineError(Exception):
    """The engine could not do the job."""


class InvalidInput(EngineError):
    """The job itself cannot be done: ``str(error)`` names the field and may be shown to the caller."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A file given with a job, already on the local disk and checked to be what ``mime_type`` says."""

    kind: str
    """``image``, ``video`` or ``audio``."""
    path: Path
    mime_type: str


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work. ``params`` holds every param of the model, defaults filled in, with checked types."""

    id: str
    out_dir: Path
    """An existing empty folder of this job's own; every output is written there."""
    prompt: str = ""
    params: Mapping[str, object] = field(default_factory=dict[str, object])
    references: Sequence[Reference] = ()


@dataclass(frozen=True, slots=True)
class Artifact:
    """A finished file below the job's ``out_dir``."""

    path: Path
    mime_type: str


@dataclass(frozen=True, slots=True)
class ChatMessage:
    role: str
    """``system``, ``user`` or ``assistant``."""
    content: str


@dataclass(frozen=True, slots=True)
class ChatUsage:
    """Tokens as the model's own tokenizer counts them."""

    input_tokens: int
    output_tokens: int
    finish_reason: str | None = None
    """``stop`` or ``length``; None while the answer is being made."""


Emit = Callable[[str, ChatUsage], bool]
"""Is given a piece of an answer and what was used so far; returns False when no more is wanted."""


class Engine(Protocol):
    """An engine that makes files. Constructed once in its process: loading weights happens in ``__init__``."""

    def run(self, job: Job, progress: Progress) -> list[Artifact]:
        """Do the job and return its files, best first.

        Same job, same bytes (``seed`` included). Raises InvalidInput when the job cannot be done as asked.
        """
        ...


class ChatEngine(Protocol):
    """An engine that answers in text."""

    def chat(self, messages: Sequence[ChatMessage], *, max_tokens: int, emit: Emit) -> ChatUsage:
        """Call ``emit`` with each piece of the answer as it is made; stop early when ``emit`` returns False.

        Raises InvalidInput when the messages do not fit the model's context.
        """
        ...
