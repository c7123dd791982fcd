"""Signing up and in, choosing another password, leaving."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from rivya.accounts import deletion, passwords, sessions, sign_in, sign_up
from rivya.accounts.model import Device
from rivya.accounts.service import EmailTaken, find
from rivya.errors import NotFound, RateLimited, ValidationFailed
from rivya.keys import service as keys
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool
from rivya.kit.ids import AccountId
from rivya.wallet import service as wallet
from rivya.wallet.invariants import verify
from rivya.wallet.model import Balance
from tests.accounts.letters import letters, outbox, token

HERE = Device("a browser", "203.0.113.0")
PASSWORD = "a horse and a battery"


async def ask(pool: Pool, folder: Path, *, email: str = "ada@example.com", password: str = PASSWORD) -> None:
    post = outbox(pool, folder)
    await sign_up.sign_up(pool, post, email=email, password=password, name=" Ada  L ", device=HERE)
    await post.send_due()


async def join(pool: Pool, folder: Path, *, email: str = "ada@example.com") -> tuple[AccountId, str]:
    """Sign somebody up; return the account and the token of the browser."""
    await ask(pool, folder, email=email)
    made = await sign_up.confirm(pool, token=token(letters(folder, email)[-1], "/confirm"), device=HERE)
    return await find(pool, email=email), made


async def test_an_account_comes_to_be_once_its_address_is_proven(pool: Pool, tmp_path: Path) -> None:
    await ask(pool, tmp_path)
    with pytest.raises(NotFound):
        await find(pool, email="ada@example.com")
    proof = token(letters(tmp_path, "ada@example.com")[0], "/confirm")
    browser = await sign_up.confirm(pool, token=proof, device=HERE)
    account = await find(pool, email="ADA@example.com")
    assert await wallet.balance(pool, account=account) == Balance(available=6, reserved=0)
    lots = await wallet.expiring(pool, account=account, within=timedelta(days=30, minutes=1))
    assert [lot.credits for lot in lots] == [6]
    session = await sessions.find(pool, token=browser)
    assert session is not None
    assert (session.account, session.name) == (account, "Ada L")
    assert await verify(pool) == []


async def test_a_proof_is_good_once(pool: Pool, tmp_path: Path) -> None:
    await ask(pool, tmp_path)
    proof = token(letters(tmp_path, "ada@example.com")[0], "/confirm")
    answers = await asyncio.gather(
        *(sign_up.confirm(pool, token=proof, device=HERE) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(answer, str) for answer in answers) == 1
    assert all(isinstance(answer, (str, sign_in.LinkIsOver)) for answer in answers)
    account = await find(pool, email="ada@example.com")
    assert (await wallet.balance(pool, account=account)).available == 6


async def test_of_two_sign_ups_of_one_address_one_becomes_the_account(pool: Pool, tmp_path: Path) -> None:
    await ask(pool, tmp_path)
    await ask(pool, tmp_path, password="another long one")
    first, second = (token(text, "/confirm") for text in letters(tmp_path, "ada@example.com"))
    await sign_up.confirm(pool, token=first, device=HERE)
    with pytest.raises((sign_in.LinkIsOver, EmailTaken)):
        await sign_up.confirm(pool, token=second, device=HERE)


async def test_whether_an_address_is_known_is_told_to_its_owner_alone(pool: Pool, tmp_path: Path) -> None:
    await join(pool, tmp_path)
    await ask(pool, tmp_path)
    newest = letters(tmp_path, "ada@example.com")[-1]
    assert "/sign-in" in newest
    assert "/confirm" not in newest


@pytest.mark.parametrize(
    ("password", "what"),
    [
        ("short", "10"),
        ("password1234", "guessed"),
        ("aaaaaaaaaaaa", "guessed"),
        ("ada@example.com", "address"),
        ("x" * 201, "200"),
    ],
)
async def test_a_password_that_is_easily_guessed_is_refused(
    pool: Pool, tmp_path: Path, password: str, what: str
) -> None:
    with pytest.raises(ValidationFailed, match=what) as refused:
        await ask(pool, tmp_path, password=password)
    assert refused.value.param == "password"
    assert letters(tmp_path, "ada@example.com") == []


async def test_the_password_signs_in_and_no_other_does(pool: Pool, tmp_path: Path) -> None:
    account, _ = await join(pool, tmp_path)
    browser = await sign_in.sign_in(pool, email=" Ada@Example.com ", password=PASSWORD, device=HERE)
    found = await sessions.find(pool, token=browser)
    assert found is not None
    assert found.account == account
    for email, password in (("ada@example.com", PASSWORD + "!"), ("nobody@example.com", PASSWORD)):
        with pytest.raises(sign_in.WrongPassword, match="do not belong together"):
            await sign_in.sign_in(pool, email=email, password=password, device=HERE)


async def test_whoever_guesses_waits_longer_each_time_and_the_owner_elsewhere_does_not(
    pool: Pool, tmp_path: Path
) -> None:
    await join(pool, tmp_path)
    for _ in range(6):
        with pytest.raises(sign_in.WrongPassword):
            await sign_in.sign_in(pool, email="ada@example.com", password="wrong", device=HERE)
    with pytest.raises(RateLimited) as waits:
        await sign_in.sign_in(pool, email="ada@example.com", password=PASSWORD, device=HERE)
    assert waits.value.retry_after_s is not None
    assert 1 <= waits.value.retry_after_s <= 15 * 60
    elsewhere = Device("home", "198.51.100.0")
    assert await sign_in.sign_in(pool, email="ada@example.com", password=PASSWORD, device=elsewhere)


async def test_another_password_signs_all_other_browsers_out(pool: Pool, tmp_path: Path) -> None:
    account, here = await join(pool, tmp_path)
    there = await sign_in.sign_in(pool, email="ada@example.com", password=PASSWORD, device=HERE)
    session = await sessions.find(pool, token=here)
    assert session is not None
    change = {"account": account, "email": "ada@example.com", "session": session.id, "device": HERE}
    with pytest.raises(sign_in.WrongPassword):
        await sign_in.change_password(pool, old="wrong", new="an even longer one", **change)  # type: ignore[arg-type]
    await sign_in.change_password(pool, old=PASSWORD, new="an even longer one", **change)  # type: ignore[arg-type]
    assert await sessions.find(pool, token=here) is not None
    assert await sessions.find(pool, token=there) is None
    assert await sign_in.sign_in(pool, email="ada@example.com", password="an even longer one", device=HERE)


async def test_a_mail_lets_its_reader_choose_another_password_once(pool: Pool, tmp_path: Path) -> None:
    _, before = await join(pool, tmp_path)
    post = outbox(pool, tmp_path)
    await sign_in.ask_for_reset(pool, post, email="ada@example.com", device=HERE)
    await post.send_due()
    proof = token(letters(tmp_path, "ada@example.com")[-1], "/reset-password")
    with pytest.raises(ValidationFailed):
        await sign_in.reset_password(pool, token=proof, new="short", device=HERE)
    after = await sign_in.reset_password(pool, token=proof, new="chosen by mail", device=HERE)
    assert await sessions.find(pool, token=before) is None
    assert await sessions.find(pool, token=after) is not None
    with pytest.raises(sign_in.LinkIsOver):
        await sign_in.reset_password(pool, token=proof, new="chosen by mail 2", device=HERE)


async def test_nobody_is_written_to_who_has_no_account(pool: Pool, tmp_path: Path) -> None:
    post = outbox(pool, tmp_path)
    await sign_in.ask_for_reset(pool, post, email="nobody@example.com", device=HERE)
    assert await post.send_due() == 1
    assert letters(tmp_path, "nobody@example.com") == []


async def test_a_session_ends_with_its_time_and_when_it_is_not_used(pool: Pool, tmp_path: Path) -> None:
    _, browser = await join(pool, tmp_path)
    now = utc_now()
    assert await sessions.find(pool, token=browser, at=now + sessions.IDLE - timedelta(minutes=1)) is not None
    later = now + sessions.IDLE + timedelta(days=10)
    assert await sessions.find(pool, token=browser, at=later) is not None  # it was seen in between
    assert await sessions.find(pool, token=browser, at=now + sessions.LIVES + timedelta(minutes=1)) is None


async def test_who_is_deleted_is_forgotten_and_the_ledger_stays(pool: Pool, tmp_path: Path) -> None:
    account, browser = await join(pool, tmp_path)
    await keys.issue(pool, account=account)
    await deletion.delete(pool, account=account, device=HERE)
    assert await sessions.find(pool, token=browser) is None
    assert [key.revoked_at is not None for key in await keys.list_keys(pool, account=account)] == [True]
    row = await pool.fetchrow("select * from accounts where id = $1", account)
    assert row is not None
    assert "ada" not in str(dict(row)).lower()
    with pytest.raises(sign_in.WrongPassword):
        await sign_in.sign_in(pool, email="ada@example.com", password=PASSWORD, device=HERE)
    assert await pool.fetchval("select count(*) from ledger where account_id = $1", account) == 1
    assert await verify(pool) == []
    again, _ = await join(pool, tmp_path)
    assert again != account


async def test_no_secret_is_kept_as_it_is(pool: Pool, tmp_path: Path) -> None:
    _, browser = await join(pool, tmp_path)
    for table in ("accounts", "sessions", "letters", "sign_ups", "audit_log"):
        rows = await pool.fetch(f"select t::text as line from {table} t")
        assert not any(PASSWORD in row["line"] or browser in row["line"] for row in rows)


async def test_a_password_takes_as_long_where_there_is_none() -> None:
    assert not await passwords.matches("anything", None)
