"""Only the wallet writes money."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath

import pytest

from tests.house_rules.source import files, shown, without_comments

_MONEY = r"(?:only\s+)?(?:public\.)?\"?(?:wallets|lots|reservations|ledger)\b\"?"
_WRITE = re.compile(
    rf"""\b(?: insert\s+into\s+{_MONEY}
            | update\s+{_MONEY}(?:\s*\*)?(?:\s+(?:as\s+)?\w+)?\s+set\b
            | delete\s+from\s+{_MONEY}
            | truncate\s+(?:table\s+)?(?:[\w,\s]+,\s*)?{_MONEY}
            | merge\s+into\s+{_MONEY}
            | copy\s+{_MONEY}[^;]*\bfrom\b )""",
    re.IGNORECASE | re.VERBOSE,
)
_COPY_CALL = re.compile(r"""copy_(?:records_)?to_table\(\s*["'](?:wallets|lots|reservations|ledger)["']""")


def may_write(path: str) -> bool:
    """Return True for the wallet's own files and migrations."""
    parts = PurePosixPath(path)
    return parts.parts[0] == "wallet" or bool(re.fullmatch(r"migrations/\d{4}_wallet\w*\.sql", path))


def money_writes(path: str, source: str) -> list[str]:
    """Return each write to a table of money in a file, SQL or Python."""
    if path.endswith(".sql"):
        return [match[0] for match in _WRITE.finditer(without_comments(source))]
    found = [match[0] for text in _texts(ast.parse(source)) for match in _WRITE.finditer(text)]
    return found + [match[0] for match in _COPY_CALL.finditer(source)]


def _texts(tree: ast.Module) -> list[str]:
    """Return every string of a module; of an f-string, what is fixed in it."""
    return [
        "".join(str(part.value) if isinstance(part, ast.Constant) else "?" for part in node.values)
        if isinstance(node, ast.JoinedStr)
        else node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
    ]


def test_nobody_but_the_wallet_writes_money() -> None:
    found = [
        f"{shown(path)}: {write}"
        for path in files(".sql", ".py")
        if not may_write(shown(path))
        for write in money_writes(shown(path), path.read_text("utf-8"))
    ]
    assert found == [], "call a function of the wallet instead"


def test_the_wallets_own_writes_are_seen() -> None:
    migration = next(path for path in files(".sql") if path.name == "0002_wallet.sql")
    assert len(money_writes(shown(migration), migration.read_text("utf-8"))) >= 10


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("wallet/service.py", True),
        ("wallet/invariants/never_negative.sql", True),
        ("migrations/0002_wallet.sql", True),
        ("migrations/0017_wallet_packs.sql", True),
        ("migrations/0003_generations.sql", False),
        ("generations/queries.sql", False),
        ("web/wallet.py", False),
    ],
)
def test_only_the_wallets_files_may_write(path: str, allowed: bool) -> None:
    assert may_write(path) is allowed


@pytest.mark.parametrize(
    "sql",
    [
        "insert into ledger (account_id) values ($1)",
        "INSERT INTO public.lots select 1",
        "update wallets set available = 1",
        "update only wallets as w set available = 1",
        "update reservations r\nset state = 'open'",
        'delete from "ledger" where true',
        "truncate table tasks, ledger",
        "merge into lots using x on true when matched then delete",
        "copy ledger (id) from stdin",
        "with gone as (delete from reservations returning 1) select 1",
    ],
)
def test_a_write_is_found_in_sql_and_in_python(sql: str) -> None:
    assert money_writes("x.sql", sql)
    assert money_writes("x.py", f"await db.execute({sql!r})")
    assert money_writes("x.py", f"await db.execute(f'{{x}} ' {sql!r})")


def test_a_write_in_pieces_and_a_copy_are_found_in_python() -> None:
    assert money_writes("x.py", "db.execute('update wallets '\n    'set available = 1')")
    assert money_writes("x.py", "db.copy_records_to_table('ledger', records=rows)")


@pytest.mark.parametrize(
    "sql",
    [
        "select * from wallets w where w.account_id = $1 for update",
        "perform from wallets w where w.account_id = p_account for update;",
        "select outcome from wallet_grant($1, $2)",
        "insert into tasks (id) values ($1)",
        "update tasks set reserved_credits = 1",
        "-- update wallets set available = 1\nselect 1",
        "create index lots_to_spend on lots (account_id)",
        "copy ledger (id) to stdout",
        "insert into wallets_seen values (1)",
    ],
)
def test_what_does_not_write_money_is_let_pass(sql: str) -> None:
    assert money_writes("x.sql", sql) == []


@pytest.mark.parametrize("text", ["to update wallets, call the service", "# insert into ledger"])
def test_words_about_money_are_let_pass_in_python(text: str) -> None:
    assert money_writes("x.py", f'"""{text}"""' if text[0] != "#" else text) == []
