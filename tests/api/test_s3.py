"""An installation whose media are in an S3 bucket: the same API, and the bucket itself hands the media out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from rivya.files.links import MediaLinks
from rivya.files.retention import clear_files
from rivya.files.store import ObjectStore
from rivya.kit.clock import utc_now
from rivya.kit.db import open_pool
from rivya.wallet.invariants import verify
from tests.api.raw import RawAnswer, send
from tests.databases import Databases
from tests.files import samples
from tests.files.forms import PATH, upload, uploaded
from tests.files.s3_server import BUCKET, S3Server, running
from tests.running import Client, Rivya
from tests.scripted import new_key

_HERE = Path(__file__).parent
PREFIX = "an/installation"
HOUR_S = 3600
GUARDS = {"content-security-policy": "default-src 'none'; sandbox", "x-content-type-options": "nosniff"}


def settings(server: S3Server) -> dict[str, str]:
    return {
        **server.environment,
        "RIVYA_OBJECT_STORE_URL": f"s3://{BUCKET}/{PREFIX}",
        "RIVYA_CATALOG_DIR": str(_HERE / "catalog"),
        "RIVYA_PROVIDERS_FILE": str(_HERE / "providers.toml"),
    }


@dataclass
class Installation:
    """A worker and two API processes: the first sends callers on to the bucket, ``proxy`` is one that does not."""

    s3: S3Server
    database_url: str
    client: Client
    proxy: str

    @property
    def anybody(self) -> Client:
        return Client(self.client.base_url)

    def at_the_proxy(self, link: str) -> str:
        return link.replace(self.client.base_url, self.proxy)

    def ask(self, link: str, *headers: str, method: str = "GET") -> RawAnswer:
        """Ask for a link and follow it nowhere."""
        parts = urlsplit(link)
        line = f"{method} {parts.path}?{parts.query} HTTP/1.1"
        return send(f"{parts.scheme}://{parts.netloc}", "\r\n".join([line, *headers]))

    def keys(self, prefix: str) -> list[str]:
        return self.s3.keys(f"{PREFIX}/{prefix}")

    def generated(self, **body: Any) -> Any:
        """Return a task of the client's once it has ended."""
        answer = self.client.generate(body)
        assert answer.status == 202, answer.body
        return self.client.ended(answer.json["id"])


@pytest.fixture(scope="module")
def installation(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with running() as s3, databases.one() as database_url:
        rivya = Rivya(database_url, tmp_path_factory.mktemp("s3"), settings(s3))
        try:
            rivya.worker()
            started = [rivya.serve(wait=False), rivya.serve(wait=False, RIVYA_MEDIA_REDIRECT="false")]
            for process, base_url in started:
                rivya.wait_for(base_url, process, "/readyz")
            (_, first), (_, proxy) = started
            client = Client(first, new_key(database_url, name="s3", credits=1000))
            yield Installation(s3, database_url, client, proxy)
            assert asyncio.run(_violations(database_url)) == []
        finally:
            rivya.close()


async def _violations(database_url: str) -> list[Any]:
    async with open_pool(database_url, size=2) as pool:
        return await verify(pool)


def test_an_upload_is_in_the_bucket_and_its_link_is_ours(installation: Installation) -> None:
    made = uploaded(installation.client, samples.picture())
    (key,) = [key for key in installation.keys("files/") if made["id"] in key]
    assert installation.s3.client.get_object(Bucket=BUCKET, Key=key)["Body"].read() == samples.picture()
    assert made["url"].startswith(f"{installation.client.base_url}/media/files/")
    read = installation.client.get(f"{PATH}/{made['id']}").json
    assert urlsplit(read["url"]).path == urlsplit(made["url"]).path


def test_a_link_leads_on_to_the_bucket_which_hands_the_media_out(installation: Installation) -> None:
    link = uploaded(installation.client, samples.picture())["url"]
    answer = installation.ask(link)
    assert (answer.status, answer.body) == (302, b"")
    assert answer.headers["location"].startswith(f"{installation.s3.url}/{BUCKET}/{PREFIX}/files/")
    assert answer.headers.items() >= GUARDS.items()
    followed = installation.anybody.get(link)
    assert (followed.status, followed.body) == (200, samples.picture())
    assert followed.headers["content-type"] == "image/png"
    assert followed.headers["content-disposition"] == "inline"


def test_a_range_is_served_by_the_bucket(installation: Installation) -> None:
    link = uploaded(installation.client, samples.picture())["url"]
    answer = installation.anybody.get(link, headers={"Range": "bytes=2-5"})
    assert (answer.status, answer.body) == (206, samples.picture()[2:6])
    assert answer.headers["content-range"] == f"bytes 2-5/{len(samples.picture())}"


def test_what_a_link_leads_to_lives_for_an_hour_and_is_asked_for_anew_before(installation: Installation) -> None:
    answer = installation.ask(uploaded(installation.client, samples.picture())["url"])
    assert parse_qs(urlsplit(answer.headers["location"]).query)["X-Amz-Expires"] == [str(HOUR_S)]
    assert answer.headers["cache-control"] == f"private, max-age={HOUR_S // 2}"


def test_what_a_link_leads_to_does_not_outlive_the_link(installation: Installation) -> None:
    key = urlsplit(uploaded(installation.client, samples.picture())["url"]).path.removeprefix("/media/")
    links = MediaLinks(base_url=installation.client.base_url, key=b"for tests only", lives_s=100)
    answer = installation.ask(links.sign(key))
    assert 90 <= int(parse_qs(urlsplit(answer.headers["location"]).query)["X-Amz-Expires"][0]) <= 100
    assert installation.ask(links.sign(key, now=time.time() - 101)).status == 404


def test_a_head_request_is_answered_here_since_the_bucket_would_want_another_signature(
    installation: Installation,
) -> None:
    link = uploaded(installation.client, samples.picture())["url"]
    answer = installation.ask(link, method="HEAD")
    assert (answer.status, answer.headers["content-length"]) == (200, str(len(samples.picture())))


def test_a_wrong_link_leads_nowhere(installation: Installation) -> None:
    link = uploaded(installation.client, samples.picture())["url"]
    answer = installation.ask(link[:-4] + "AAAA")
    assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")
    assert "location" not in answer.headers


def test_a_deleted_file_leaves_the_bucket_and_its_link_is_dead_at_once(installation: Installation) -> None:
    made = uploaded(installation.client, samples.picture())
    assert installation.client.call("DELETE", f"{PATH}/{made['id']}").status == 204
    assert [key for key in installation.keys("files/") if made["id"] in key] == []
    assert installation.ask(made["url"]).status == 404


def test_a_file_whose_time_is_over_leaves_the_bucket(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = uploaded(installation.client, samples.picture())
    for name, value in installation.s3.environment.items():
        monkeypatch.setenv(name, value)

    async def sweep() -> None:
        async with open_pool(installation.database_url, size=2) as pool:
            past = "update files set expires_at = $2 where id = $1"
            await pool.execute(past, made["id"], utc_now() - timedelta(seconds=1))
            await clear_files(pool, ObjectStore(url=f"s3://{BUCKET}/{PREFIX}"))

    asyncio.run(sweep())
    assert [key for key in installation.keys("files/") if made["id"] in key] == []
    assert installation.ask(made["url"]).status == 404


def test_a_generation_keeps_its_result_in_the_bucket(installation: Installation) -> None:
    task = installation.generated(model="scripted")
    (key,) = installation.keys(f"results/{_account(task)}/{task['id']}/")
    stored = installation.s3.client.get_object(Bucket=BUCKET, Key=key)
    answer = installation.anybody.get(task["result"]["primary_url"])
    assert answer.body == stored["Body"].read()
    assert answer.headers["content-type"] == stored["ContentType"] == "image/png"


@pytest.mark.parametrize("name", ["url", "id"])
def test_a_file_in_the_bucket_is_a_reference(installation: Installation, name: str) -> None:
    made = uploaded(installation.client, samples.picture())
    assert _with_reference(installation, made[name])["status"] == "succeeded"


def test_a_result_in_the_bucket_is_a_reference(installation: Installation) -> None:
    first = installation.generated(model="scripted")
    assert _with_reference(installation, first["result"]["primary_url"])["status"] == "succeeded"


def test_a_reference_that_has_gone_from_the_bucket_fails_the_task_and_the_credits_are_back(
    installation: Installation,
) -> None:
    made = uploaded(installation.client, samples.picture())
    (key,) = [key for key in installation.keys("files/") if made["id"] in key]
    installation.s3.client.delete_object(Bucket=BUCKET, Key=key)
    task = _with_reference(installation, made["id"])
    assert (task["status"], task["error"]["reason"], task["final_credits"]) == ("failed", "invalid_input", 0)


def test_where_nobody_is_sent_on_the_media_pass_through_the_api(installation: Installation) -> None:
    content = samples.with_padding(samples.video("mp4"), 3 * samples.MEBIBYTE + 1)
    link = installation.at_the_proxy(uploaded(installation.client, content, kind="video")["url"])
    answer = installation.ask(link)
    assert (answer.status, answer.body) == (200, content)
    assert answer.headers.items() >= GUARDS.items()
    assert (answer.headers["content-type"], answer.headers["content-disposition"]) == ("video/mp4", "inline")
    part = installation.ask(link, "Range: bytes=1000000-2999999")
    assert (part.status, part.body) == (206, content[1000000:3000000])


def test_an_upload_while_the_store_is_down_keeps_nothing_and_is_made_by_the_same_key_later(
    database_url: str, tmp_path: Path
) -> None:
    server = S3Server()
    rivya = Rivya(database_url, tmp_path / "rivya", settings(server))
    try:
        _, base_url = rivya.serve()
        client = Client(base_url, new_key(database_url, name="down", credits=0))
        answer = upload(client, samples.picture(), key="one")
        assert (answer.status, answer.json["error"]["code"]) == (500, "internal_error")
        assert client.get(PATH).json["data"] == []
        with running(server):
            made = upload(client, samples.picture(), key="one")
            assert (made.status, "idempotent-replayed" in made.headers) == (201, False)
            assert upload(client, samples.picture(), key="one").body == made.body
            assert len(server.keys()) == 1
            assert Client(base_url).get(made.json["url"]).body == samples.picture()
        assert Client(base_url).get(made.json["url"]).status == 500
    finally:
        rivya.close()


def _account(task: Any) -> str:
    return urlsplit(task["result"]["primary_url"]).path.split("/")[3]


def _with_reference(installation: Installation, url: str) -> Any:
    params = {"style": "ink", "referenceMediaItems": [{"kind": "image", "url": url}]}
    return installation.generated(model="demanding", prompt="a tree", params=params)
