"""An installation whose pages are looked at, and people who look at them."""

from __future__ import annotations

import asyncio
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from html import unescape
from urllib.parse import urlencode

from rivya.accounts import sessions
from rivya.accounts.model import Device
from rivya.kit.db import open_pool
from rivya.kit.ids import AccountId
from tests.api.conftest import Installation
from tests.running import Answer

_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


@dataclass
class Person:
    """Somebody with a browser; without an account, a stranger."""

    base_url: str
    account: AccountId | None = None
    cookie: str | None = None

    def get(self, path: str) -> Answer:
        return self._call(urllib.request.Request(self.base_url + path))

    def text(self, path: str) -> str:
        """Return a page that is there."""
        answer = self.get(path)
        assert answer.status == 200, answer.body
        return unescape(answer.body.decode())

    def post(self, path: str, *, token: str | None = "", origin: str | None = None) -> Answer:
        """Send a form with nothing in it but the token of this session's pages, or another one."""
        if token == "":
            found = _TOKEN.search(self.text("/notifications"))
            assert found is not None
            token = found[1]
        form = urlencode({"csrf": token} if token is not None else {}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin or self.base_url}
        return self._call(urllib.request.Request(self.base_url + path, form, headers, method="POST"))

    def _call(self, request: urllib.request.Request) -> Answer:
        request.add_header("Accept", "text/html")
        if self.cookie is not None:
            request.add_header("Cookie", f"rivya_session={self.cookie}")
        try:
            with urllib.request.build_opener(_StayHere).open(request, timeout=60) as answer:
                return Answer(answer.status, _lower(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, _lower(error.headers), error.read())


def sign_in(installation: Installation, account: AccountId) -> Person:
    """Return somebody who is signed in to an account."""

    async def begin() -> str:
        async with open_pool(installation.database_url, size=2) as pool:
            return await sessions.begin(pool, account=account, device=Device("test", "127.0.0.0/24"))

    return Person(installation.base_url, account, asyncio.run(begin()))


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@contextmanager
def failed_works(installation: Installation, account: str, *, count: int) -> Iterator[list[str]]:
    """Lend an account as many failed works of the Studio, the last first: rows without the books of a real one."""
    rows = installation.sql(
        """insert into tasks (account_id, id, source, status, model, prompt, params, reserved_credits, error,
                              deadline_at, created_at, updated_at)
           select $1, 'task_' || lpad(n::text, 26, '0'), 'studio', 'failed', 'scripted', 'n' || n, '{}', 0, $3::jsonb,
                  now(), now(), now()
           from generate_series(1, $2::integer) n returning id""",
        account,
        count,
        json.dumps({"code": "generation_failed", "message": "No.", "reason": "upstream_error"}),
    )
    try:
        yield sorted((row["id"] for row in rows), reverse=True)
    finally:
        installation.sql("delete from tasks where account_id = $1", account)
