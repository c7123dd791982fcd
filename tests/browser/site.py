"""A running installation with its pages, its built-in models, and people who sign in."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import BrowserContext

from rivya.accounts import service as accounts
from rivya.accounts import sessions
from rivya.accounts.model import Device
from rivya.keys import service as keys
from rivya.kit.db import open_pool
from rivya.kit.ids import AccountId
from rivya.providers import routing
from tests.running import Client, Rivya

AS_INSTALLED = Path(routing.__file__).parent / "providers.toml"

Found = TypeVar("Found")

_numbers = itertools.count(1)


def run(work: Coroutine[Any, Any, Found]) -> Found:
    """Return what some asynchronous work returns: done in a thread, because Playwright has the loop of this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@dataclass(frozen=True)
class Person:
    """Somebody with an account; ``token`` is that of a session that was begun for them."""

    account: AccountId
    email: str
    password: str
    token: str


@dataclass
class Site:
    rivya: Rivya
    base_url: str
    database_url: str

    def person(self, *, credits: int = 1000, operator: bool = False) -> Person:
        """Make an account that is signed in already, with a password to sign in by hand."""

        async def make() -> Person:
            async with open_pool(self.database_url, size=2) as pool:
                email = f"reader{next(_numbers)}@example.com"
                made = await accounts.create(pool, email=email, credits=credits, password=True, operator=operator)
                token = await sessions.begin(pool, account=made.id, device=Device("test", ""))
                return Person(made.id, email, made.password or "", token)

        return run(make())

    def sign_in(self, context: BrowserContext, who: Person) -> None:
        """Give a browser the session of a person, without the way through the form."""
        context.add_cookies([{"name": "rivya_session", "value": who.token, "url": self.base_url}])

    def client(self, who: Person) -> Client:
        """Return a client of the API with a new key of a person."""

        async def make() -> str:
            async with open_pool(self.database_url, size=2) as pool:
                return (await keys.issue(pool, account=who.account)).secret

        return Client(self.base_url, run(make()))
