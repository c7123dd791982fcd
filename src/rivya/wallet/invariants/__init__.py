"""What must always be true of the money: one rule a file, run in tests, on a timer and by ``rivya credits verify``.

A rule is a query that returns one row for each place where it does not hold: ``account_id`` and ``detail``.
All rules read one snapshot, so that work going on meanwhile cannot make them lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from rivya.kit.db import Pool

_MOST_ROWS = 50


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    meaning: str
    sql: str


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    account_id: str | None
    detail: str


def rules() -> list[Rule]:
    """Return every rule, by name. The first comment of a rule's file is its meaning."""
    found: list[Rule] = []
    for file in resources.files(__name__).iterdir():
        if file.name.endswith(".sql"):
            text = file.read_text("utf-8")
            lines = text.splitlines()
            comment = [line[2:].strip() for line in lines if line.startswith("--")]
            found.append(Rule(file.name.removesuffix(".sql"), " ".join(comment), text))
    return sorted(found, key=lambda rule: rule.name)


async def verify(pool: Pool) -> list[Violation]:
    """Check every rule against one snapshot of the whole database; return what does not hold (at most 50 a rule)."""
    violations: list[Violation] = []
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await connection.execute("set local enable_seqscan = on")  # rules read whole tables
        for rule in rules():
            rows = await connection.fetch(f"select * from ({rule.sql}\n) broken limit {_MOST_ROWS}", timeout=600)  # noqa: S608
            violations += [Violation(rule.name, row["account_id"], row["detail"]) for row in rows]
    return violations
