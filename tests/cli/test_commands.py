"""accounts, keys, credits and migrate, against RIVYA_DATABASE_URL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rivya.keys.model import SCOPES
from rivya.keys.secret import is_well_formed
from rivya.kit.db import Pool
from tests.cli.conftest import Ended, run_rivya

Run = Callable[..., Ended]
WHO = "ann@example.com"


@pytest.fixture
def ann(rivya: Run) -> Run:
    """The command line where Ann has an account with 100 credits."""
    assert rivya("accounts", "create", WHO, "--credits", "100").code == 0
    return rivya


def test_an_account_is_made_with_its_credits(rivya: Run) -> None:
    made = rivya("accounts", "create", WHO, "--credits", "100", "--json")
    assert made.code == 0
    assert made.json["id"].startswith("acct_")
    assert (made.json["email"], made.json["credits"], made.json["password"]) == (WHO, 100, None)


def test_a_password_is_made_when_asked_for(rivya: Run) -> None:
    assert len(rivya("accounts", "create", WHO, "--password", "--json").json["password"]) >= 16


def test_a_second_account_for_an_address_is_refused_whatever_its_case(ann: Run) -> None:
    ended = ann("accounts", "create", WHO.upper())
    assert (ended.code, ended.out) == (1, "")
    assert "already" in ended.err


def test_what_is_no_address_is_refused(rivya: Run) -> None:
    ended = rivya("accounts", "create", "ann")
    assert ended.code == 1
    assert "e-mail" in ended.err


def test_a_key_is_made_with_all_scopes(ann: Run) -> None:
    made = ann("keys", "create", "--account", WHO, "--json")
    assert made.code == 0
    assert is_well_formed(made.json["key"])
    assert tuple(made.json["scopes"]) == SCOPES


def test_a_key_is_made_with_chosen_scopes(ann: Run) -> None:
    made = ann("keys", "create", "--account", WHO, "--scopes", "credits:read, files:read", "--json")
    assert made.json["scopes"] == ["credits:read", "files:read"]


def test_an_unknown_scope_is_refused(ann: Run) -> None:
    ended = ann("keys", "create", "--account", WHO, "--scopes", "everything")
    assert ended.code == 1
    assert "everything" in ended.err


def test_a_key_for_nobody_is_refused(rivya: Run) -> None:
    ended = rivya("keys", "create", "--account", WHO)
    assert (ended.code, ended.out) == (1, "")
    assert WHO in ended.err


async def test_a_revoked_key_is_revoked_in_the_database(ann: Run, pool: Pool) -> None:
    key = ann("keys", "create", "--account", WHO, "--json").json["id"]
    assert ann("keys", "revoke", key).code == 0
    assert await pool.fetchval("select revoked_at is not null from api_keys where id = $1", key)


def test_an_unknown_key_cannot_be_revoked(rivya: Run) -> None:
    ended = rivya("keys", "revoke", "key_x")
    assert ended.code == 1
    assert "key_x" in ended.err


def test_credits_are_granted(ann: Run) -> None:
    ended = ann("credits", "grant", WHO, "50", "--reason", "thanks")
    assert (ended.code, ended.out) == (0, "Granted 50 credits; 150 are available.\n")


def test_a_grant_with_the_same_id_is_made_once(ann: Run) -> None:
    for _ in range(2):
        ended = ann("credits", "grant", WHO, "50", "--reason", "thanks", "--id", "invoice-7")
    assert (ended.code, ended.out) == (0, "This grant was made before; 150 credits are available.\n")


def test_nothing_is_granted_without_a_reason(ann: Run) -> None:
    assert ann("credits", "grant", WHO, "50").code == 2


@pytest.mark.parametrize("credits", ["0", "-5", "1.5", "many"])
def test_a_grant_of_less_than_one_credit_is_refused(rivya: Run, credits: str) -> None:
    assert rivya("credits", "grant", WHO, "--reason", "x", "--", credits).code == 2


def test_a_statement_shows_what_happened_and_what_is_left(ann: Run) -> None:
    ann("credits", "grant", WHO, "50", "--reason", "thanks", "--id", "invoice-7")
    ended = ann("credits", "statement", WHO)
    assert ended.code == 0
    assert "operator:invoice-7" in ended.out
    assert "+50" in ended.out
    assert "150 credits available, 0 reserved." in ended.out


def test_books_in_order_are_verified(ann: Run) -> None:
    ended = ann("credits", "verify")
    assert ended.code == 0
    assert "ledger verified" in ended.out


async def test_books_out_of_order_are_told_with_exit_code_1(ann: Run, pool: Pool) -> None:
    await pool.execute("update wallets set available = available + 1")
    ended = ann("credits", "verify")
    assert (ended.code, ended.out) == (1, "")
    assert "balances_equal_postings" in ended.err
    assert "ledger drifted" in ended.err


def test_migrating_what_is_up_to_date_says_so(rivya: Run) -> None:
    ended = rivya("migrate")
    assert (ended.code, ended.out) == (0, "The database is up to date.\n")


@pytest.mark.parametrize("command", ["serve", "worker", "migrate"])
def test_a_command_that_needs_a_database_says_which_setting_is_missing(command: str, tmp_path: object) -> None:
    ended = run_rivya(command, settings={"RIVYA_DATA_DIR": str(tmp_path)})
    assert ended.code == 1
    assert "RIVYA_DATABASE_URL" in ended.err


def test_a_database_that_cannot_be_reached_is_said_in_one_line(tmp_path: object) -> None:
    settings = {"RIVYA_DATABASE_URL": "postgresql://rivya@127.0.0.1:9/x", "RIVYA_DATA_DIR": str(tmp_path)}
    ended = run_rivya("credits", "verify", settings=settings)
    assert ended.code == 1
    assert "Traceback" not in ended.err


def test_help_lists_the_commands() -> None:
    ended = run_rivya("--help", settings={})
    assert ended.code == 0
    for command in ("up", "serve", "worker", "migrate", "accounts", "keys", "credits"):
        assert command in ended.out


def test_settings_that_are_refused_are_all_named_and_their_values_are_not() -> None:
    settings = {"RIVYA_CHAT_RETENTION_DAYS": "-3", "RIVYA_DATABASE_CONNECTIONS": "hunter2"}
    ended = run_rivya("catalog", "list", settings=settings)
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (1, "", 1)
    assert "RIVYA_CHAT_RETENTION_DAYS: Input should be greater than or equal to 1" in ended.err
    assert "RIVYA_DATABASE_CONNECTIONS: " in ended.err
    assert "hunter2" not in ended.err


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_what_is_wrong_with_a_file_of_the_operators_is_said_in_one_line(command: str, tmp_path: Path) -> None:
    (tmp_path / "providers.toml").write_text(
        '[providers]\n[[routes]]\nmodel = "m"\nprovider = "nobody"\ntarget = "t"\n'
    )
    settings = {
        "RIVYA_PROVIDERS_FILE": str(tmp_path / "providers.toml"),
        "RIVYA_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "RIVYA_SECRET_KEY": "5" * 64,
    }
    ended = run_rivya(command, "--data-dir", str(tmp_path), settings=settings)
    assert ended.code == 1
    assert ended.err == "rivya: routes: m names provider 'nobody', which is not there\n"


def test_a_database_that_is_not_there_is_said_in_one_line() -> None:
    ended = run_rivya("migrate", settings={"RIVYA_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})
    assert (ended.code, len(ended.err.splitlines())) == (1, 1)
    assert "the database cannot be reached" in ended.err


def test_the_trace_of_a_task_is_its_id_in_other_digits() -> None:
    ended = run_rivya("trace", "task_00000000000000000000000z1h", settings={})
    assert (ended.code, ended.out) == (0, f"{31 << 10 | 1 << 5 | 17:032x}\n")
    refused = run_rivya("trace", "task_1", settings={})
    assert (refused.code, refused.out) == (1, "")
    assert "26 characters" in refused.err
