"""Letters: kept until a mail server has them, sent once, and telling nobody who has an account."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from rivya.accounts import sign_in, sign_up
from rivya.accounts.letters import Letters
from rivya.accounts.model import Device
from rivya.errors import ValidationFailed
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool
from tests.accounts.letters import letters, outbox, token
from tests.running import eventually

HERE = Device("a browser", "203.0.113.0")
ADA = "ada@example.com"
LATER = timedelta(minutes=20)


@dataclass
class PostOffice:
    """What a mail server took; it refuses addresses that begin with ``no``, for now if with ``not-now``."""

    taken: list[EmailMessage] = field(default_factory=list[EmailMessage])

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("not-now"):
            return "450 busy"
        if address.startswith("no"):
            return "550 unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.taken.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"


@asynccontextmanager
async def open_office(port: int = 0) -> AsyncGenerator[tuple[PostOffice, int]]:
    office = PostOffice()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(office, hostname="mail.example"), "127.0.0.1", port
    )
    async with server:
        yield office, server.sockets[0].getsockname()[1]


def by_smtp(pool: Pool, folder: Path, port: int) -> Letters:
    return outbox(pool, folder, smtp_url=f"smtp://127.0.0.1:{port}", mail_from="Rivya <hello@rivya.example>")


async def join(pool: Pool, post: Letters, address: str = ADA) -> None:
    await sign_up.sign_up(pool, post, email=address, password="a horse and a battery", name="Ada", device=HERE)


async def waiting(pool: Pool) -> int:
    return await pool.fetchval("select count(*) from letters")


async def test_a_letter_goes_out_by_smtp(pool: Pool, tmp_path: Path) -> None:
    async with open_office() as (office, port):
        post = by_smtp(pool, tmp_path, port)
        assert post.delivers
        await join(pool, post)
        assert office.taken == []  # whoever asked has been answered
        await post.send_due()
    (letter,) = office.taken
    assert (letter["To"], letter["From"], letter["Subject"]) == (
        ADA,
        "Rivya <hello@rivya.example>",
        "Confirm your address",
    )
    assert await sign_up.confirm(pool, token=token(letter.get_content(), "/confirm"), device=HERE)
    assert await waiting(pool) == 0


async def test_a_mail_server_that_is_away_delays_a_letter(pool: Pool, tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    post = by_smtp(pool, tmp_path, port)
    await join(pool, post)
    assert [await post.send_due() for _ in range(2)] == [1, 0]  # and not at once again
    async with open_office(port) as (office, _):
        assert await post.send_due(at=utc_now() + LATER) == 1
        assert await post.send_due(at=utc_now() + LATER) == 0
    assert len(office.taken) == 1
    assert await waiting(pool) == 0


async def test_an_address_that_is_refused_is_tried_again_only_if_it_may_be_taken_later(
    pool: Pool, tmp_path: Path
) -> None:
    async with open_office() as (office, port):
        post = by_smtp(pool, tmp_path, port)
        await join(pool, post, "nobody@example.com")
        await join(pool, post, "not-now@example.com")
        await post.send_due()
    assert office.taken == []
    assert [row["email"] for row in await pool.fetch("select email from letters")] == ["not-now@example.com"]


async def test_each_letter_is_sent_by_one_of_many(pool: Pool, tmp_path: Path) -> None:
    async with open_office() as (office, port):
        posts = [by_smtp(pool, tmp_path, port) for _ in range(4)]
        addresses = {f"reader{number}@example.com" for number in range(12)}
        for address in addresses:
            await posts[0].ask("sign_up", email=address, password_hash="x")
        while sum(await asyncio.gather(*(post.send_due() for post in posts))):
            pass
    assert sorted(letter["To"] for letter in office.taken) == sorted(addresses)


async def test_a_letter_whose_sender_died_is_sent_by_another_under_the_same_id(pool: Pool, tmp_path: Path) -> None:
    async with open_office() as (office, port):
        post = by_smtp(pool, tmp_path, port)
        await join(pool, post)
        row = await pool.fetchrow("select * from letters")
        assert row is not None
        await post.send_due()
        # As if the process had died between the server's word and its own note of it.
        await pool.execute(
            "insert into letters select * from jsonb_populate_record(null::letters, $1)",
            await pool.fetchval("select to_jsonb($1::letters)", row),
        )
        await post.send_due(at=utc_now() + LATER)
    assert [letter["Message-ID"] for letter in office.taken] == [f"<{row['id']}@rivya.invalid>"] * 2


async def test_a_letter_that_nobody_waits_for_any_more_is_given_up(pool: Pool, tmp_path: Path) -> None:
    await join(pool, outbox(pool, tmp_path))
    await sign_in.ask_for_reset(pool, outbox(pool, tmp_path), email=ADA, device=HERE)
    post = outbox(pool, tmp_path)
    await post.send_due(at=utc_now() + timedelta(hours=25))
    assert await waiting(pool) == 0
    assert letters(tmp_path, ADA) == []


async def test_what_is_asked_for_is_the_same_whether_the_address_is_known(pool: Pool, tmp_path: Path) -> None:
    post = outbox(pool, tmp_path)
    await join(pool, post)
    await post.send_due()
    await sign_up.confirm(pool, token=token(letters(tmp_path, ADA)[0], "/confirm"), device=HERE)
    for address in (ADA, "stranger@example.com"):
        await sign_in.ask_for_reset(pool, post, email=address, device=HERE)
    rows = await pool.fetch("select kind, name, password_hash from letters")
    assert len({tuple(row) for row in rows}) == 1
    assert await pool.fetchval("select count(*) from password_resets") == 0  # its token is made when it is sent
    await post.send_due()
    assert len(letters(tmp_path, ADA)) == 2
    assert letters(tmp_path, "stranger@example.com") == []


async def test_an_outbox_that_runs_sends_what_is_asked_for(pool: Pool, tmp_path: Path) -> None:
    post = outbox(pool, tmp_path)
    running = asyncio.create_task(post.run())
    await join(pool, post)
    await asyncio.to_thread(eventually, lambda: letters(tmp_path, ADA))
    running.cancel()
    await asyncio.wait([running])


@pytest.mark.parametrize("address", ["a,b@example.com", "<ada@example.com>", "ada@example.com,x", "no address"])
async def test_an_address_that_would_be_two_is_refused(pool: Pool, tmp_path: Path, address: str) -> None:
    post = outbox(pool, tmp_path)
    with pytest.raises(ValidationFailed):
        await join(pool, post, address)
    with pytest.raises(ValidationFailed):
        await sign_in.ask_for_reset(pool, post, email=address, device=HERE)
    assert await waiting(pool) == 0
