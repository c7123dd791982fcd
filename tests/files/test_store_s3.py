"""What an S3 store does beyond a folder: presigned URLs, uploads in parts, faults of a server elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from rivya.files import store as store_module
from rivya.files.retention import clear_files
from rivya.files.store import NoSuchObject, ObjectStore, StoreFault
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool
from tests.files import samples
from tests.files.s3_server import BUCKET, S3Server, running
from tests.running import Answer, Client

PREFIX = "installation"
KEY = "files/acct_1/file_1.png"
HOUR = timedelta(hours=1)
LARGE = 12 * samples.MEBIBYTE


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with running() as server:
        yield server


@pytest.fixture
def store(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    return opened(s3, monkeypatch)


def opened(server: S3Server, monkeypatch: pytest.MonkeyPatch, bucket: str = BUCKET) -> ObjectStore:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return ObjectStore(url=f"s3://{bucket}/{PREFIX}")


def fetch(url: str, method: str = "GET", **headers: str) -> Answer:
    return Client("").call(method, url, headers=headers)


async def signed(store: ObjectStore, key: str = KEY, *, lives: timedelta = HOUR) -> str:
    url = await store.signed_url(key, lives=lives)
    assert url is not None
    return url


async def test_an_object_is_in_the_bucket_below_the_prefix(store: ObjectStore, s3: S3Server) -> None:
    await store.put(KEY, samples.picture())
    assert f"{PREFIX}/{KEY}" in s3.keys()  # noqa: SIM118 - the keys in the bucket
    found = s3.client.get_object(Bucket=BUCKET, Key=f"{PREFIX}/{KEY}")
    assert found["Body"].read() == samples.picture()


async def test_the_bucket_is_closed_to_who_has_no_signature(store: ObjectStore, s3: S3Server) -> None:
    await store.put(KEY, samples.picture())
    assert fetch(f"{s3.url}/{BUCKET}/{PREFIX}/{KEY}").status == 403


async def test_a_presigned_url_gives_the_object_to_anybody(store: ObjectStore, s3: S3Server) -> None:
    await store.put(KEY, samples.picture())
    url = await signed(store)
    assert url.startswith(f"{s3.url}/{BUCKET}/{PREFIX}/{KEY}?")
    answer = fetch(url)
    assert (answer.status, answer.body) == (200, samples.picture())


@pytest.mark.parametrize(
    ("header", "start", "end"), [("bytes=0-3", 0, 4), ("bytes=4-", 4, None), ("bytes=-5", -5, None)]
)
async def test_a_presigned_url_serves_ranges(store: ObjectStore, header: str, start: int, end: int | None) -> None:
    content = samples.picture()
    await store.put(KEY, content)
    answer = fetch(await signed(store), Range=header)
    assert (answer.status, answer.body) == (206, content[start:end])
    first = start % len(content)
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(answer.body) - 1}/{len(content)}"


@pytest.mark.parametrize(
    ("name", "content_type", "disposition"),
    [
        ("a.png", "image/png", "inline"),
        ("a.mp4", "video/mp4", "inline"),
        ("a.mp3", "audio/mpeg", "inline"),
        ("a.html", "application/octet-stream", "attachment"),
        ("a.svg", "application/octet-stream", "attachment"),
        ("a", "application/octet-stream", "attachment"),
    ],
)
@pytest.mark.parametrize("size", [8, LARGE])
async def test_the_store_shows_media_in_place_and_nothing_else(
    store: ObjectStore, tmp_path: Path, name: str, content_type: str, disposition: str, size: int
) -> None:
    (tmp_path / name).write_bytes(bytes(size))
    await store.put(f"files/{name}", tmp_path / name)
    headers = fetch(await signed(store, f"files/{name}"), Range="bytes=0-3").headers
    assert (headers["content-type"], headers["content-disposition"]) == (content_type, disposition)
    assert headers["cache-control"].startswith("private")


async def test_a_presigned_url_is_for_one_object_and_for_reading(store: ObjectStore) -> None:
    await store.put(KEY, b"one")
    await store.put("files/acct_2/file_2.png", b"two")
    url = await signed(store)
    assert fetch(url.replace(KEY, "files/acct_2/file_2.png")).status == 403
    assert [fetch(url, method).status for method in ("HEAD", "PUT", "DELETE")] == [403] * 3


async def test_a_presigned_url_expires(store: ObjectStore) -> None:
    await store.put(KEY, b"content")
    url = await signed(store, lives=timedelta(seconds=1))
    assert fetch(url).status == 200
    await asyncio.sleep(2.1)  # the server counts in whole seconds
    assert fetch(url).status == 403
    assert fetch(url.replace("X-Amz-Expires=1&", "X-Amz-Expires=3600&")).status == 403


async def test_the_presigned_url_of_a_deleted_object_leads_nowhere(store: ObjectStore) -> None:
    await store.put(KEY, b"content")
    url = await signed(store)
    await store.delete(KEY)
    assert fetch(url).status == 404


async def test_a_file_that_cannot_be_read_to_its_end_leaves_nothing(
    store: ObjectStore, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def torn(path: Path):
        yield path.read_bytes()[: LARGE // 2]
        raise OSError("the disk")

    monkeypatch.setattr(store_module, "_pieces", torn)
    (tmp_path / "large").write_bytes(bytes(LARGE))
    with pytest.raises(OSError, match="the disk"):
        await store.put("files/torn.png", tmp_path / "large")
    with pytest.raises(NoSuchObject):
        await store.size("files/torn.png")
    assert s3.unfinished() == []


async def test_an_upload_that_is_called_off_makes_no_object(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its parts stay until the bucket's own rule for them clears them away: obstore does not say which they are."""
    begun = asyncio.Event()

    async def endless(path: Path):
        yield bytes(LARGE)
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(store_module, "_pieces", endless)
    (tmp_path / "large").write_bytes(bytes(LARGE))
    putting = asyncio.create_task(store.put("files/endless.png", tmp_path / "large"))
    await begun.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    with pytest.raises(NoSuchObject):
        await store.size("files/endless.png")


async def test_what_expired_goes_from_the_bucket(pool: Pool, store: ObjectStore, s3: S3Server) -> None:
    add = """insert into files (account_id, id, kind, file_name, mime_type, size_bytes, object_key, created_at,
                                expires_at)
             values ('acct_1', $1, 'image', 'a', 'image/png', 1, 'old/' || $1, now(), $2)"""
    for id, left in (("living", HOUR), ("expired", -HOUR)):
        await store.put(f"old/{id}", b"x")
        await pool.execute(add, id, utc_now() + left)
    assert await clear_files(pool, store) == 1
    assert s3.keys(f"{PREFIX}/old/") == [f"{PREFIX}/old/living"]


async def test_a_bucket_that_is_not_there_takes_nothing(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError):
        await opened(s3, monkeypatch, "no-such-bucket").put(KEY, b"x")


async def test_a_store_that_is_down_is_a_fault_and_is_found_again_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = S3Server()
    store = opened(server, monkeypatch)
    asked = (store.put(KEY, b"x"), store.size(KEY), store.read(KEY, start=0, end=1), store.delete(KEY))
    for answer in await asyncio.gather(*asked, return_exceptions=True):
        assert isinstance(answer, StoreFault)
    with running(server):
        await store.put(KEY, b"x")
        assert await store.size(KEY) == 1
    with pytest.raises(StoreFault):
        await store.size(KEY)
