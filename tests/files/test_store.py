"""Objects on the disk and in an S3 store: the same verbs, the same answers."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from rivya.files.links import MediaLinks
from rivya.files.store import NoSuchObject, ObjectStore, StoreFault
from tests.files import samples
from tests.running import eventually, free_port

KEY = "files/acct_1/file_1.png"
LINKS = MediaLinks(base_url="http://here", key=b"a key", lives_s=60)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The URL of an S3 server on loopback with a bucket named ``media``."""
    pytest.importorskip("moto.server")
    url = f"http://127.0.0.1:{free_port()}"
    command = ["-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", url.rsplit(":", 1)[1]]
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:

        def made() -> bool:
            try:
                with urllib.request.urlopen(urllib.request.Request(f"{url}/media", method="PUT")) as answer:
                    return answer.status == 200
            except OSError:
                return False

        try:
            eventually(made, within_s=60)
            yield url
        finally:
            server.terminate()


@pytest.fixture
def s3_store(s3: str, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    for name, value in {
        "AWS_ENDPOINT_URL": s3,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    return ObjectStore(url="s3://media/installation")


@pytest.fixture(params=["disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return request.getfixturevalue("s3_store") if request.param == "s3" else ObjectStore(folder=tmp_path / "objects")


async def whole(store: ObjectStore, key: str, start: int = 0, end: int | None = None) -> bytes:
    chunks = await store.read(key, start=start, end=end or await store.size(key))
    return b"".join([chunk async for chunk in chunks])


async def test_what_was_stored_is_read_again(store: ObjectStore) -> None:
    await store.put(KEY, samples.picture())
    assert await whole(store, KEY) == samples.picture()
    assert await store.size(KEY) == len(samples.picture())


async def test_a_stretch_of_an_object_is_read_alone(store: ObjectStore) -> None:
    await store.put(KEY, b"0123456789")
    assert await whole(store, KEY, 2, 5) == b"234"


async def test_a_large_file_is_stored_in_parts(store: ObjectStore, tmp_path: Path) -> None:
    content = samples.noise(2048)
    (tmp_path / "large").write_bytes(content)
    assert len(content) > 12 * samples.MEBIBYTE
    await store.put(KEY, tmp_path / "large")
    assert await whole(store, KEY) == content


async def test_an_object_is_replaced(store: ObjectStore) -> None:
    await store.put(KEY, b"first")
    await store.put(KEY, b"second")
    assert await whole(store, KEY) == b"second"


async def test_a_deleted_object_is_gone_and_may_be_deleted_again(store: ObjectStore) -> None:
    await store.put(KEY, b"content")
    await store.delete(KEY)
    await store.delete(KEY)
    with pytest.raises(NoSuchObject):
        await store.size(KEY)
    with pytest.raises(NoSuchObject):
        await store.read(KEY, start=0, end=1)


async def test_an_object_is_lent_as_a_file(store: ObjectStore) -> None:
    await store.put(KEY, samples.picture())
    async with store.on_disk(KEY) as path:
        assert (path.suffix, path.read_bytes()) == (".png", samples.picture())
    with pytest.raises(NoSuchObject):
        async with store.on_disk("files/acct_1/missing.png"):
            pass


async def test_a_store_that_signs_links_gives_its_own(s3_store: ObjectStore, s3: str) -> None:
    await s3_store.put(KEY, samples.picture())
    link = await s3_store.link(KEY, links=LINKS, lives=HOUR)
    assert link.startswith(f"{s3}/media/installation/{KEY}?")
    assert "X-Amz-Expires=3600" in link
    with urllib.request.urlopen(link) as answer:  # noqa: ASYNC210
        assert answer.headers["content-type"] == "image/png"
        assert answer.read() == samples.picture()


async def test_a_link_is_signed_for_no_longer_than_s3_allows(s3_store: ObjectStore) -> None:
    assert "X-Amz-Expires=604800&" in await s3_store.link(KEY, links=LINKS, lives=timedelta(days=30))


async def test_a_store_that_signs_none_gives_ours(tmp_path: Path) -> None:
    link = await ObjectStore(folder=tmp_path).link(KEY, links=LINKS, lives=HOUR)
    assert LINKS.key_of(link) == KEY


async def test_a_store_that_refuses_is_a_fault_of_the_store(s3_store: ObjectStore) -> None:
    missing = ObjectStore(url="s3://no-such-bucket")
    with pytest.raises((StoreFault, FileNotFoundError)):
        await missing.put(KEY, b"x")
