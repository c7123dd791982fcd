"""Pictures from other servers: fetched, looked into and kept, or refused in words that give nothing away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from rivya.catalog.references import MediaLimit
from rivya.errors import RateLimited, ValidationFailed
from rivya.files import fetching
from rivya.files.fetching import Fetcher
from rivya.files.media import Media
from rivya.files.probe_process import Probers
from rivya.files.references import Reference
from rivya.files.retention import clear_fetched
from rivya.files.store import NoSuchObject, ObjectStore, StoreFault
from rivya.kit.db import Pool
from rivya.kit.ids import AccountId
from rivya.kit.outbound import OPERATORS, PUBLIC, Outbound, Policy
from tests.files import samples
from tests.kit.loopback import Names, Script, answering, redirecting, serving
from tests.running import free_port

MINE = AccountId("acct_1")
LIMIT = MediaLimit(max_bytes=100_000, mime_types=["image/png", "image/webp"])
PICTURE = samples.picture()
Make = Callable[..., Fetcher]


class Refusing(ObjectStore):
    """Takes nothing in."""

    async def put(self, key: str, content: Path | bytes) -> None:
        raise StoreFault(key)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(folder=tmp_path / "objects")


@pytest.fixture
async def make(pool: Pool, store: ObjectStore, tmp_path: Path) -> AsyncIterator[Make]:
    clients: list[Outbound] = []
    probers = Probers()

    def one(
        policy: Policy = OPERATORS, *answers: list[str], store: ObjectStore = store, probers: Probers = probers
    ) -> Fetcher:
        clients.append(Outbound(policy, resolver=Names(*answers) if answers else None))
        return Fetcher(
            pool, outbound=clients[-1], store=store, probers=probers, folder=tmp_path / "uploads", keep_days=3
        )

    yield one
    for client in clients:
        await client.close()
    await probers.close()
    assert list((tmp_path / "uploads").iterdir()) == []


async def fetch(fetcher: Fetcher, url: str, *, account: AccountId = MINE) -> Reference:
    return await fetcher.fetch(account, url, "image", limit=LIMIT, where="here.url")


async def refusal(fetcher: Fetcher, url: str) -> str:
    with pytest.raises(ValidationFailed) as refused:
        await fetch(fetcher, url)
    assert refused.value.param == "here.url"
    return refused.value.message


async def content(store: ObjectStore, key: str) -> bytes:
    return b"".join([chunk async for chunk in await store.read(key, start=0, end=await store.size(key))])


async def test_a_picture_is_kept_under_a_key_of_its_accounts(make: Make, pool: Pool, store: ObjectStore) -> None:
    async with serving(answering(PICTURE, "Content-Type: text/plain")) as server:
        found = await fetch(make(), server.url("/photo.exe?token=secret"))
    assert (found.kind, found.mime_type, found.size_bytes) == ("image", "image/png", len(PICTURE))
    assert found.key.startswith(f"references/{MINE}/ref_")
    assert found.key.endswith(".png")
    assert await content(store, found.key) == PICTURE
    (row,) = await pool.fetch("select *, expires_at - fetched_at as kept from fetched_references")
    assert (row["account_id"], row["object_key"], row["size_bytes"]) == (MINE, found.key, len(PICTURE))
    assert row["kept"].days == 3
    assert await pool.fetchval("select count(*) from files") == 0


async def test_a_picture_is_found_behind_three_redirects(make: Make) -> None:
    async with (
        serving(answering(PICTURE)) as last,
        serving(redirecting(last.url())) as third,
        serving(redirecting(third.url())) as second,
        serving(redirecting(second.url())) as first,
        serving(redirecting(first.url())) as too_far,
    ):
        assert (await fetch(make(), first.url())).mime_type == "image/png"
        assert await refusal(make(), too_far.url()) == "here.url must not redirect more than 3 times."


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (answering(b"", status="404 Not Found"), "here.url could not be fetched: its server answered 404."),
        (answering(b"", status="204 No Content"), "here.url could not be fetched: its server answered 204."),
        (answering(b"", length=100_001), "here.url must be at most 100000 bytes."),
        (answering(samples.noise(200)), "here.url must be at most 100000 bytes."),
        (answering(PICTURE, "Content-Encoding: gzip"), "here.url must be served without Content-Encoding."),
        (answering(samples.picture("JPEG")), "here.url is image/jpeg; image/png, image/webp are accepted."),
        (answering(samples.sound()), "here.url is audio/mpeg; image/png, image/webp are accepted."),
        (answering(b""), "here.url cannot be accepted: an empty file."),
        (answering(b"<html>"), "here.url cannot be accepted: not a type that is accepted anywhere."),
        (answering(PICTURE[:40]), "here.url cannot be accepted: "),
        (answering(samples.png_that_claims(50_000, 50_000)), "here.url cannot be accepted: a picture of 50000 by"),
        (redirecting("ftp://example.com/"), "here.url must not redirect to a URL that is not allowed itself."),
    ],
)
async def test_what_is_no_picture_for_the_model_is_refused_and_not_kept(
    make: Make, pool: Pool, tmp_path: Path, script: Script, words: str
) -> None:
    async with serving(script) as server:
        assert (await refusal(make(), server.url())).startswith(words)
    assert await pool.fetchval("select count(*) from fetched_references") == 0
    assert list((tmp_path / "objects").iterdir()) == []


async def test_a_server_that_takes_its_time_is_left(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_WAITS", fetching.Patience(total_s=0.3))

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with serving(silent) as server:
        assert await refusal(make(), server.url()) == "here.url could not be fetched within 10 seconds."


async def test_nobody_is_told_whether_a_host_is_inside_or_not_there(make: Make) -> None:
    words = {
        await refusal(make(PUBLIC, ["10.0.0.1"]), "https://vault.example/"),
        await refusal(make(PUBLIC, []), "https://vault.example/"),
        await refusal(make(), f"http://127.0.0.1:{free_port()}/"),
    }
    assert words == {"here.url could not be fetched: its host cannot be reached."}


@pytest.mark.parametrize("url", ["https://127.0.0.1:2/", "https://169.254.169.254/latest", "https://localhost:4/a"])
async def test_an_address_inside_is_refused_in_words_about_the_url_alone(make: Make, url: str) -> None:
    assert await refusal(make(PUBLIC), url) == "here.url must name a public host."


async def test_plain_http_is_refused(make: Make) -> None:
    assert await refusal(make(PUBLIC), "http://example.com/a.png") == "here.url must begin with https://."


async def test_an_account_has_so_many_places_and_gets_them_back(make: Make) -> None:
    go = asyncio.Event()

    async def waiting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        await answering(PICTURE)(reader, writer)

    fetcher = make()
    async with serving(waiting) as server:
        mine = [asyncio.create_task(fetch(fetcher, server.url())) for _ in range(16)]
        await asyncio.sleep(0)
        with pytest.raises(RateLimited) as refused:
            await fetch(fetcher, server.url())
        assert refused.value.retry_after_s == 1
        others = asyncio.create_task(fetch(fetcher, server.url(), account=AccountId("acct_2")))
        go.set()
        assert len({one.key for one in await asyncio.gather(*mine, others)}) == 17
        assert (await fetch(fetcher, server.url())).kind == "image"


async def test_decoders_that_are_busy_are_not_waited_for_without_end(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fetching, "_ALL_S", 0.3)

    class Busy(Probers):
        async def look_into(self, path: Path) -> Media:
            await asyncio.sleep(60)
            raise AssertionError

    async with serving(answering(PICTURE)) as server:
        with pytest.raises(RateLimited):
            await fetch(make(probers=Busy()), server.url())


async def test_what_the_store_does_not_take_is_known_to_the_janitor(
    make: Make, pool: Pool, store: ObjectStore, tmp_path: Path
) -> None:
    async with serving(answering(PICTURE)) as server:
        with pytest.raises(StoreFault):
            await fetch(make(store=Refusing(folder=tmp_path / "objects")), server.url())
    await pool.execute("update fetched_references set expires_at = now() - interval '1 second'")
    assert await clear_fetched(pool, store) == 1


async def test_a_reference_whose_time_is_over_goes_with_its_object(make: Make, pool: Pool, store: ObjectStore) -> None:
    async with serving(answering(PICTURE)) as server:
        found = await fetch(make(), server.url())
    assert await clear_fetched(pool, store) == 0
    await pool.execute("update fetched_references set expires_at = now() - interval '1 second'")
    assert await clear_fetched(pool, store) == 1
    with pytest.raises(NoSuchObject):
        await store.size(found.key)
