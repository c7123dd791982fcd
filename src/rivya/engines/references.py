"""The files given with a job: an engine takes the kinds that it knows, and refuses the others aloud."""

from __future__ import annotations

from rivya.engines.base import InvalidInput, Job, Reference

FIELD = "params.referenceMediaItems"
"""Where the caller gave them, for messages."""


def at_most_one(job: Job, kind: str) -> Reference | None:
    """Return the job's one reference, or None. Raises InvalidInput for several, or one of another kind."""
    for number, given in enumerate(job.references):
        if given.kind != kind:
            raise InvalidInput(f"{FIELD}[{number}]: the engine that answers takes {kind}, not {given.kind}")
    if len(job.references) > 1:
        raise InvalidInput(f"{FIELD}: the engine that answers takes one file, not {len(job.references)}")
    return job.references[0] if job.references else None


def exactly_one(job: Job, kind: str) -> Reference:
    """Return the job's one reference. Raises InvalidInput for none, several, or one of another kind."""
    given = at_most_one(job, kind)
    if given is None:
        raise InvalidInput(f"{FIELD}: one file of kind {kind} is needed")
    return given


def none(job: Job) -> None:
    """Raise InvalidInput if the job has references."""
    if job.references:
        raise InvalidInput(f"{FIELD}: the engine that answers takes no files")
