"""Pictures at other servers as references: taken in when the task is, or refused before it costs anything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from rivya.kit.ids import AccountId
from tests.api.conftest import Installation
from tests.files import samples
from tests.files.forms import PATH
from tests.kit.loopback import Authority, Server, answering, serving_beside
from tests.running import Answer, Client

AUTHORITY = Authority()
PICTURE = samples.picture()
TASKS = "select 1 from tasks where account_id = $1"
FETCHED = "select object_key from fetched_references where account_id = $1"


@pytest.fixture(scope="module")
def open_to_all(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An API process of the same installation that may fetch from loopback and trusts our authority."""
    authority = tmp_path_factory.mktemp("authority") / "ca.pem"
    AUTHORITY.write_to(authority)
    process, base_url = installation.rivya.serve(RIVYA_REFERENCES_ALLOW_PRIVATE="true", SSL_CERT_FILE=str(authority))
    yield base_url
    installation.rivya.stop(process)


@pytest.fixture
def developer(client: Client, open_to_all: str) -> Client:
    return replace(client, base_url=open_to_all)


@pytest.fixture(scope="module")
def pictures() -> Iterator[Server]:
    with serving_beside(answering(PICTURE), AUTHORITY.server("127.0.0.1")) as server:
        yield server


def generate(client: Client, *urls: str, kind: str = "image", **more: Any) -> Answer:
    params = {"style": "ink", "referenceMediaItems": [{"kind": kind, "url": url} for url in urls]}
    return client.generate({"model": "demanding", "prompt": "a tree", "params": params}, **more)


def complaint(answer: Answer) -> tuple[int, str, str]:
    error = answer.json["error"]
    return answer.status, error["code"], error["param"]


REFUSED = (400, "validation_failed", "params.referenceMediaItems[0].url")


def test_a_picture_at_another_server_is_given_to_the_model(
    installation: Installation, developer: Client, account: AccountId, pictures: Server
) -> None:
    answer = generate(developer, pictures.url("/a.png?token=secret", scheme="https"))
    assert answer.status == 202
    assert developer.ended(answer.json["id"])["status"] == "succeeded"
    (row,) = installation.sql("select inputs::text as inputs from tasks where account_id = $1", account)
    (kept,) = installation.sql(FETCHED, account)
    assert kept["object_key"] in row["inputs"]
    assert "secret" not in installation.rivya.logs()


def test_a_fetched_picture_is_no_file(developer: Client, installation: Installation, account: AccountId) -> None:
    with serving_beside(answering(PICTURE)) as server:
        assert generate(developer, server.url()).status == 202
    assert developer.get(PATH).json["data"] == []
    (kept,) = installation.sql(FETCHED, account)
    id = kept["object_key"].rsplit("/", 1)[1].split(".")[0]
    for missing in (id, id.replace("ref_", "file_")):
        assert developer.get(f"{PATH}/{missing}").status == 404
        assert developer.call("DELETE", f"{PATH}/{missing}").status == 404
        assert complaint(generate(developer, missing)) == REFUSED


def test_several_are_fetched_at_the_same_time(developer: Client) -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2)
        await answering(PICTURE)(reader, writer)

    with serving_beside(slow) as server:
        began = time.monotonic()
        assert generate(developer, server.url("/1"), server.url("/2")).status == 202
        assert time.monotonic() - began < 3.5


def test_the_same_call_again_fetches_nothing_and_charges_nothing(
    developer: Client, installation: Installation, account: AccountId
) -> None:
    with serving_beside(answering(PICTURE)) as server:
        first = generate(developer, server.url(), headers={"Idempotency-Key": "once"})
        again = generate(developer, server.url(), headers={"Idempotency-Key": "once"})
        assert (first.status, again.body) == (202, first.body)
        assert server.connections == 1
    assert len(installation.sql(TASKS, account)) == 1


def test_a_fetch_that_comes_to_nothing_leaves_the_wallet_and_the_key_alone(
    developer: Client, installation: Installation, account: AccountId
) -> None:
    gone = answering(b"", status="410 Gone")
    with serving_beside(gone) as server, serving_beside(answering(PICTURE)) as good:
        refused = generate(developer, good.url(), server.url(), headers={"Idempotency-Key": "again"})
        assert complaint(refused)[2] == "params.referenceMediaItems[1].url"
        assert "its server answered 410" in refused.json["error"]["message"]
        assert installation.balance(account).available == 100
        assert installation.sql(TASKS, account) == []
        assert generate(developer, good.url(), headers={"Idempotency-Key": "again"}).status == 202


def test_a_certificate_of_nobody_we_trust_is_refused(developer: Client) -> None:
    with serving_beside(answering(PICTURE), Authority().server("127.0.0.1")) as server:
        answer = generate(developer, server.url(scheme="https"))
    assert complaint(answer) == REFUSED
    assert "cannot be reached" in answer.json["error"]["message"]


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_video_and_audio_are_not_fetched(developer: Client, pictures: Server, kind: str) -> None:
    before = pictures.connections
    answer = generate(developer, pictures.url(scheme="https"), kind=kind)
    assert answer.status == 400
    assert answer.json["error"]["code"] == "validation_failed"
    assert pictures.connections == before


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:{port}/",
        "https://localhost:{port}/",
        "https://LOCALHOST.:{port}/",
        "https://a.localhost:{port}/",
        "https://2130706433:{port}/",
        "https://017700000001:{port}/",
        "https://0x7f000001:{port}/",
        "https://0177.0.0.1:{port}/",
        "https://0x7f.1:{port}/",
        "https://127.1:{port}/",
        "https://127。0。0。1:{port}/",
        "https://①②⑦.0.0.1:{port}/",
        "https://[::1]:{port}/",
        "https://[::ffff:127.0.0.1]:{port}/",
        "https://[::ffff:7f00:1]:{port}/",
        "https://[::127.0.0.1]:{port}/",
        "https://[64:ff9b::127.0.0.1]:{port}/",
        "https://[64:ff9b:1::7f00:1]:{port}/",
        "https://[2002:7f00:1::]:{port}/",
        "https://[fe80::1%25lo]:{port}/",
        "https://0.0.0.0:{port}/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.100.100.200/",
        "https://metadata.google.internal/",
        "https://printer.local/",
        "https://intranet/",
        "http://127.0.0.1:{port}/",
        "http://example.com/a.png",
        "https://user:pass@127.0.0.1:{port}/",
        "https://example.com@127.0.0.1:{port}/",
        "https://example.com\\@127.0.0.1:{port}/",
        "https://127.0.0.1:{port}\t/",
        "https://127.0.0.1:{port}/\r\nX: y",
        "https://example.com:22/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://[",
        "https://",
        "https:",
        "https://" + "a" * 5000,
        "ftp://127.0.0.1:{port}/",
        "gopher://127.0.0.1:{port}/_GET",
        "file:///etc/passwd",
        "//127.0.0.1:{port}/",
        "data:image/png;base64,iVBORw0KGgo=",
    ],
)
def test_a_url_that_leads_inside_is_refused_at_once_and_costs_nothing(
    installation: Installation, client: Client, account: AccountId, pictures: Server, url: str
) -> None:
    connections, began = pictures.connections, time.monotonic()
    answer = generate(client, url.replace("{port}", str(pictures.port)))
    assert complaint(answer) == REFUSED
    assert time.monotonic() - began < 5
    assert pictures.connections == connections
    assert installation.balance(account).available == 100
    assert installation.sql(TASKS, account) == installation.sql(FETCHED, account) == []


def test_the_link_of_a_result_is_still_read_without_a_fetch(client: Client) -> None:
    made = client.generate({"model": "demanding", "prompt": "a tree", "params": {"style": "ink"}}).json["id"]
    link = client.ended(made)["result"]["primary_url"]
    assert link.startswith(client.base_url)
    assert generate(client, link).status == 202


def test_a_crowd_of_slow_servers_is_answered_in_time_and_then_forgotten(
    developer: Client, installation: Installation, account: AccountId
) -> None:
    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    with serving_beside(silent) as server, ThreadPoolExecutor(12) as crowd:
        began = time.monotonic()
        answers = list(crowd.map(lambda _: generate(developer, server.url("/1"), server.url("/2")), range(12)))
        assert time.monotonic() - began < 20
    outcomes = {answer.json["error"]["code"] for answer in answers}
    assert outcomes == {"validation_failed", "rate_limited"}
    assert {answer.headers["retry-after"] for answer in answers if answer.status == 429} == {"1"}
    assert installation.balance(account).available == 100
    with serving_beside(answering(PICTURE)) as server:
        assert generate(developer, server.url()).status == 202
