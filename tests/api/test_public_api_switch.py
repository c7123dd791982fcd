"""The public API turned off and on: what is answered meanwhile, what goes on, and who hears of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rivya.kit.db import open_pool
from rivya.switches import service as switches
from tests.api.raw import RawAnswer, send
from tests.databases import Databases
from tests.files.forms import BOUNDARY, PATH, body, field, file
from tests.files.samples import picture
from tests.running import Answer, Client, Rivya, eventually
from tests.scripted import new_key

WITHIN_S = 1.0
DISABLED = (503, "public_api_disabled")


def refusal(answer: Answer | RawAnswer) -> tuple[int, str | None]:
    return answer.status, (answer.json or {}).get("error", {}).get("code")


@dataclass
class Switched:
    """Two API processes and a worker; ``client`` calls the first of the two."""

    database_url: str
    clients: list[Client]

    @property
    def client(self) -> Client:
        return self.clients[0]

    def turn(self, *, on: bool, felt: bool = True) -> None:
        async def turn() -> None:
            async with open_pool(self.database_url, size=1) as pool:
                await switches.turn_public_api(pool, on=on, reason="tests")

        asyncio.run(turn())
        if felt:
            eventually(lambda: {client.get("/api/v1/models").status for client in self.clients} == {200 if on else 503})

    def count(self, table: str) -> int:
        async def read() -> int:
            async with open_pool(self.database_url, size=1) as pool:
                return await pool.fetchval(f"select count(*) from {table}")

        return asyncio.run(read())


@pytest.fixture(scope="module")
def installation(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switched]:
    with databases.one() as database_url:
        rivya = Rivya(database_url, tmp_path_factory.mktemp("switch"))
        try:
            key = new_key(database_url, name="switch", credits=1000)
            rivya.worker()
            started = [rivya.serve(wait=False) for _ in range(2)]
            for process, base_url in started:
                rivya.wait_for(base_url, process, "/readyz")
            yield Switched(database_url, [Client(base_url, key) for _, base_url in started])
        finally:
            rivya.close()


@pytest.fixture
def switched(installation: Switched) -> Iterator[Switched]:
    yield installation
    installation.turn(on=True)


@pytest.fixture
def off(switched: Switched) -> Switched:
    switched.turn(on=False)
    return switched


CALLS = [
    ("GET", "/api/v1/models"),
    ("GET", "/api/v1/models/scripted"),
    ("POST", "/api/v1/generations"),
    ("GET", "/api/v1/generations/task_x"),
    ("POST", "/api/v1/generations/task_x/cancel"),
    ("POST", "/api/v1/files"),
    ("GET", "/api/v1/files"),
    ("DELETE", "/api/v1/files/file_x"),
    ("GET", "/api/v1/credits"),
    ("GET", "/api/v1/nothing"),
    ("PUT", "/api/v1/models"),
    ("GET", "/api/v1"),
    ("GET", "/api/v1/"),
    ("GET", "//api/v1/models"),
    ("GET", "/api//v1/models/"),
    ("GET", "/%61pi/v1/models"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_every_call_is_answered_that_the_api_is_disabled(off: Switched, method: str, path: str) -> None:
    answer = off.client.call(method, path, {} if method == "POST" else None)
    assert refusal(answer) == DISABLED
    assert answer.headers["retry-after"] == "60"
    assert answer.headers["x-request-id"] == answer.json["error"]["requestId"]


def test_a_call_without_a_key_is_answered_the_same(off: Switched) -> None:
    assert refusal(Client(off.client.base_url).get("/api/v1/credits")) == DISABLED


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/readyz", "/api/v1/openapi.json", "/static/css/base.css", "/docs/api"]
)
def test_what_is_not_of_the_api_stays(off: Switched, path: str) -> None:
    assert off.client.get(path).status == 200


def test_media_stays(switched: Switched) -> None:
    url = switched.client.ended(switched.client.generate({"model": "scripted"}).json["id"])["result"]["primary_url"]
    switched.turn(on=False)
    answer = switched.client.get(url)
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")


def test_a_refused_submit_makes_no_task_and_stores_no_answer(off: Switched) -> None:
    before = off.count("tasks")
    answer = off.client.generate({"model": "scripted"}, headers={"Idempotency-Key": "while-off"})
    assert refusal(answer) == DISABLED
    assert off.count("tasks") == before
    off.turn(on=True)
    again = off.client.generate({"model": "scripted"}, headers={"Idempotency-Key": "while-off"})
    assert again.status == 202
    assert "idempotent-replayed" not in again.headers


def test_a_task_under_way_goes_on_to_its_end(switched: Switched) -> None:
    task = switched.client.generate({"model": "scripted", "params": {"delay_s": 1}}).json["id"]
    switched.turn(on=False)

    async def ended() -> Any:
        async with open_pool(switched.database_url, size=1) as pool:
            return await pool.fetchval("select status = 'succeeded' from tasks where id = $1", task)

    eventually(lambda: asyncio.run(ended()))


def test_an_upload_is_answered_before_its_body_has_come(off: Switched) -> None:
    """The head says 40 MB; not one byte of it is ever sent."""
    began = time.monotonic()
    answer = send(
        off.client.base_url,
        f"POST {PATH} HTTP/1.1\r\nAuthorization: Bearer {off.client.key}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: 40000000",
    )
    assert refusal(answer) == DISABLED
    assert time.monotonic() - began < 10


def test_a_whole_upload_hears_of_it_and_is_not_kept(off: Switched) -> None:
    before = off.count("files")
    content = body(field("kind", "image"), file(picture() + bytes(8_000_000)))
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    assert refusal(off.client.call("POST", PATH, content, headers=headers)) == DISABLED
    assert off.count("files") == before


def test_every_process_feels_the_switch_within_a_second(switched: Switched) -> None:
    for on, status in ((False, 503), (True, 200)):
        switched.turn(on=on, felt=False)
        eventually(
            lambda status=status: {client.get("/api/v1/models").status for client in switched.clients} == {status},
            within_s=WITHIN_S,
            every_s=0.02,
        )


def test_it_is_felt_though_the_listening_connections_were_lost(switched: Switched) -> None:
    kill = """
        select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'rivya listen' and datname = current_database()
    """

    async def kill_and_turn() -> None:
        async with open_pool(switched.database_url, size=1) as pool:
            await pool.execute(kill)
            await switches.turn_public_api(pool, on=False, reason="tests")

    asyncio.run(kill_and_turn())
    eventually(
        lambda: {client.get("/api/v1/models").status for client in switched.clients} == {503},
        within_s=WITHIN_S,
        every_s=0.02,
    )


def test_a_process_that_starts_while_it_is_off_serves_nothing(database_url: str, tmp_path: Path) -> None:
    async def turn() -> None:
        async with open_pool(database_url, size=1) as pool:
            await switches.turn_public_api(pool, on=False, reason="tests")

    asyncio.run(turn())
    rivya = Rivya(database_url, tmp_path)
    try:
        assert refusal(Client(rivya.serve()[1]).get("/api/v1/models")) == DISABLED
    finally:
        rivya.close()
