"""Letters that were asked for are kept, and sent in the background.

Whoever asks is answered at once, and after the same time whether the address is known or not. A mail server that is
away delays a letter and loses none. Its link is made when it is sent: what waits in the database lets nobody in.
"""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from typing import Literal

import asyncpg
import structlog

from rivya.accounts import sessions
from rivya.accounts.mail import Letter, Mailer, MailFailed
from rivya.accounts.model import CREDITS
from rivya.kit.clock import utc_now
from rivya.kit.db import CONNECTION_LOST, Pool, load_queries
from rivya.kit.ids import new_id

log = structlog.get_logger()

Kind = Literal["sign_up", "reset"]

SIGN_UP_LIVES = timedelta(hours=24)
RESET_LIVES = timedelta(hours=1)
_GIVE_UP = {"sign_up": SIGN_UP_LIVES, "reset": RESET_LIVES}
_LOOK_EVERY_S = 5.0
_AT_ONCE = 4
_SENDING = timedelta(minutes=2)
"""Longer than sending can take, by far: whoever has had a letter for so long has died."""
_FIRST_PAUSE_S = 15.0
_LONGEST_PAUSE_S = 900.0

_SQL = load_queries("rivya.accounts")


class Letters:
    """The outbox. Every API process has one; a letter is sent by any of them, once, or again if that one dies over it:
    then with the same Message-ID.
    """

    def __init__(self, pool: Pool, mailer: Mailer, *, base_url: str) -> None:
        self._pool = pool
        self._mailer = mailer
        self._site = base_url
        self._asked = asyncio.Event()

    @property
    def delivers(self) -> bool:
        """Whether letters really go out."""
        return self._mailer.delivers

    async def ask(self, kind: Kind, *, email: str, name: str = "", password_hash: str | None = None) -> None:
        """Have a letter sent, soon."""
        await self._pool.execute(_SQL["ask_for_letter"], new_id("mail"), kind, email, name, password_hash, utc_now())
        self._asked.set()

    async def run(self) -> None:
        """Send until cancelled. What it raises leaves a letter to be taken again when it is due."""
        while True:
            try:
                while await self.send_due():
                    pass
            except (*CONNECTION_LOST, TimeoutError) as error:
                log.warning("mail.database_unreachable", error=type(error).__name__)
            try:
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._asked.wait()
            except TimeoutError:
                continue
            self._asked.clear()

    async def send_due(self, *, at: datetime | None = None) -> int:
        """Send some of what is due; return how many were tried."""
        now = at or utc_now()
        rows = await self._pool.fetch(_SQL["take_letters"], now, now + _SENDING, _AT_ONCE)
        await asyncio.gather(*(self._send(row, now) for row in rows))
        return len(rows)

    async def _send(self, row: asyncpg.Record, now: datetime) -> None:
        if now - row["created_at"] > _GIVE_UP[row["kind"]]:
            log.error("mail.given_up", letter=row["id"], kind=row["kind"], tries=row["tries"])
        elif (letter := await self._written(row, now)) is not None:
            try:
                await self._mailer.send(letter, id=row["id"])
            except MailFailed as failed:
                if not failed.for_good:
                    await self._pool.execute(_SQL["letter_later"], row["id"], now + _pause(row["tries"]))
                    return
        await self._pool.execute(_SQL["letter_done"], row["id"])

    async def _written(self, row: asyncpg.Record, now: datetime) -> Letter | None:
        """Return the letter; None if there is nobody to write to."""
        if row["kind"] == "reset":
            return await self._reset(row["email"], now)
        if await self._pool.fetchrow(_SQL["account_by_email"], row["email"]) is not None:
            return self._known(row["email"])
        return await self._sign_up(row, now)

    async def _sign_up(self, row: asyncpg.Record, now: datetime) -> Letter:
        token = sessions.new_token()
        await self._pool.execute(
            _SQL["keep_sign_up"],
            sessions.token_hash(token),
            row["email"],
            row["name"],
            row["password_hash"],
            now,
            now + SIGN_UP_LIVES,
        )
        link = f"{self._site}/confirm?token={token}"
        return Letter(
            to=row["email"],
            subject="Confirm your address",
            text=f"Welcome. Confirm your address within a day, and your account at {self._site} is ready, "
            f"with {CREDITS} credits to begin with:\n\n{link}\n\nIf it was not you, there is nothing to do.\n",
            link=link,
        )

    def _known(self, email: str) -> Letter:
        return Letter(
            to=email,
            subject="You have an account already",
            text=f"Somebody, most likely you, tried to sign up at {self._site} with this address. It has an account."
            f"\n\nSign in: {self._site}/sign-in\nForgot your password: {self._site}/forgot-password\n",
        )

    async def _reset(self, email: str, now: datetime) -> Letter | None:
        row = await self._pool.fetchrow(_SQL["password_by_email"], email)
        if row is None:
            return None
        token = sessions.new_token()
        await self._pool.execute(_SQL["keep_reset"], row["id"], sessions.token_hash(token), now, now + RESET_LIVES)
        link = f"{self._site}/reset-password?token={token}"
        return Letter(
            to=email,
            subject="Choose another password",
            text=f"Somebody, most likely you, asked to choose another password for your account at {self._site}.\n\n"
            f"Choose it here, within an hour:\n\n{link}\n\n"
            "If it was not you, there is nothing to do: your password stays as it is.\n",
            link=link,
        )


def _pause(tries: int) -> timedelta:
    """Return how long to wait after so many tries: twice as long each time, with jitter."""
    return timedelta(seconds=min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** (tries - 1)) * random.uniform(0.5, 1.0))  # noqa: S311
