"""A query reads and writes the rows of one account, or says in words that it is for every account."""

from __future__ import annotations

import re

import pytest

from tests.house_rules.source import files, shown, statements, without_comments

MARK = "every account"
"""What the comment of a statement says that is meant for all accounts: janitors, workers, sign-in."""

_CREATE_TABLE = re.compile(r"create (?:unlogged )?table (?:if not exists )?(\w+)\s*\((.*?)^\)", re.S | re.M | re.I)
_NAMES_ACCOUNT = re.compile(
    r"\baccount_id\s*(?:=|in\b)|=\s*(?:\w+\.)?account_id\b|\((?!\s*select\b)[\w\s.,]*\baccount_id\b[\w\s.,]*\)"
)
"""A comparison with ``account_id``, or a list of columns that has it; to select it only is not to filter by it."""

_COMMENT = re.compile(r"--([^\n]*)")


def owned_tables(migrations: str) -> set[str]:
    """Return the tables whose rows belong to an account: those with a column ``account_id``."""
    tables = _CREATE_TABLE.findall(without_comments(migrations))
    return {name for name, columns in tables if re.search(r"\baccount_id\b", columns)}


def is_unfiltered(statement: str, owned: set[str]) -> bool:
    """Return True if a statement reads or changes an owned table, names no account and does not say why."""
    comment = " ".join(" ".join(_COMMENT.findall(statement)).split()).lower()
    sql = without_comments(statement).lower()
    touched = set(re.findall(r"\b(?:from|join|update|into|using|,)\s+(?:only\s+)?(\w+)", sql))
    return bool(touched & owned) and not _NAMES_ACCOUNT.search(sql) and MARK not in comment


def all_owned() -> set[str]:
    migrations = [path.read_text("utf-8") for path in files(".sql") if path.parent.name == "migrations"]
    return owned_tables("\n".join(migrations))


def test_every_query_is_for_one_account_or_says_otherwise() -> None:
    owned = all_owned()
    unfiltered = [
        f"{shown(path)}: {name}"
        for path in files(".sql")
        if path.name.endswith("queries.sql")
        for name, statement in statements(path.read_text("utf-8")).items()
        if is_unfiltered(statement, owned)
    ]
    assert unfiltered == [], f"compare account_id, or say '{MARK}' in the comment"


def test_the_tables_of_accounts_are_known() -> None:
    expected = {
        "api_keys",
        "wallets",
        "lots",
        "reservations",
        "ledger",
        "tasks",
        "attempts",
        "idempotency_keys",
        "events",
    }
    assert expected <= all_owned()
    assert not {"accounts", "workers"} & all_owned()


OWNED = {"tasks", "lots"}


@pytest.mark.parametrize(
    "statement",
    [
        "-- Reads one task.\nselect * from tasks where account_id = $1 and id = $2",
        "-- Reads the name of one.\nselect t.id from workers w join tasks t on t.account_id = $1",
        "-- Adopts tasks of every account.\nupdate tasks set worker_id = $1 where worker_id = any($2)",
        "-- Adopts the tasks of a dead worker, in every\n-- account.\nupdate tasks set worker_id = $1",
        "-- Counts workers.\nselect count(*) from workers",
        "-- Grants.\nselect * from wallet_grant($1, $2)",
        "-- Reads many.\nselect * from tasks where (account_id, id) in (select * from unnest($1::text[], $2::text[]))",
        "-- Reads many.\nselect t.* from tasks t join unnest($1::text[]) as a(id) on a.id = t.account_id",
        "-- Adds a task.\ninsert into tasks (account_id, id) values ($1, $2)",
    ],
)
def test_a_query_that_names_its_account_or_says_why_not_is_let_pass(statement: str) -> None:
    assert not is_unfiltered(statement, OWNED)


@pytest.mark.parametrize(
    "statement",
    [
        "-- Reads one task.\nselect * from tasks where id = $1",
        "-- Reads whose a task is.\nselect account_id, id from tasks where id = $1",
        "-- Reads whose a task is.\nselect * from workers where id in (select account_id from tasks)",
        "-- Reads one task by account_id.\nselect * from tasks where id = $1 -- account_id",
        "-- Ends one.\nupdate tasks set status = 'failed' where id = $1",
        "-- Ends one.\nUPDATE only tasks SET status = 'failed'",
        "-- Sweeps.\ndelete from lots where available = 0",
        "-- Joins.\nselect 1 from workers w join tasks t on t.worker_id = w.id",
        "-- Joins.\nselect 1 from workers w, lots l",
        "-- Joins.\ndelete from workers using tasks where tasks.worker_id = workers.id",
        "-- Looks twice.\nwith old as (select id from tasks) select * from old",
        "-- Adds.\ninsert into tasks (id) values ($1)",
    ],
)
def test_a_query_of_an_account_that_it_does_not_name_is_found(statement: str) -> None:
    assert is_unfiltered(statement, OWNED)
