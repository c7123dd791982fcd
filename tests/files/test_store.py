"""Objects on the disk and in an S3 store: the same verbs, the same answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from rivya.files import store as store_module
from rivya.files.store import NoSuchObject, ObjectStore
from tests.files import samples
from tests.files.s3_server import BUCKET, S3Server, running

KEY = "files/acct_1/file_1.png"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with running() as server:
        yield server


@pytest.fixture(params=["disk", "file url", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    match request.param:
        case "disk":
            return ObjectStore(folder=tmp_path / "objects")
        case "file url":
            return ObjectStore(url=f"file://{tmp_path}")
        case _:
            server: S3Server = request.getfixturevalue("s3")
            for name, value in server.environment.items():
                monkeypatch.setenv(name, value)
            return ObjectStore(url=f"s3://{BUCKET}/installation")


async def whole(store: ObjectStore, key: str, start: int = 0, end: int | None = None) -> bytes:
    chunks = await store.read(key, start=start, end=end or await store.size(key))
    return b"".join([chunk async for chunk in chunks])


async def test_what_was_stored_is_read_again(store: ObjectStore) -> None:
    await store.put(KEY, samples.picture())
    assert await whole(store, KEY) == samples.picture()
    assert await store.size(KEY) == len(samples.picture())


async def test_an_object_may_be_empty(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    await store.put(KEY, tmp_path / "empty")
    assert await store.size(KEY) == 0
    async with store.on_disk(KEY) as path:
        assert path.read_bytes() == b""


async def test_a_stretch_of_an_object_is_read_alone(store: ObjectStore) -> None:
    await store.put(KEY, b"0123456789")
    assert await whole(store, KEY, 2, 5) == b"234"


@pytest.mark.parametrize(("start", "end"), [(0, 1), (0, 8), (0, 9), (7, 9), (8, 16), (3, 20), (0, 20)])
async def test_a_long_stretch_is_read_piece_by_piece(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch, start: int, end: int
) -> None:
    monkeypatch.setattr(store_module, "_STRETCH_BYTES", 8)
    await store.put(KEY, bytes(range(20)))
    assert await whole(store, KEY, start, end) == bytes(range(start, end))


@pytest.mark.parametrize("more", [-1, 0, 1, 3 * samples.MEBIBYTE])
async def test_a_large_file_is_stored_in_parts(store: ObjectStore, tmp_path: Path, more: int) -> None:
    content = samples.noise(2048)[: 10 * samples.MEBIBYTE + more]
    (tmp_path / "large").write_bytes(content)
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


async def test_an_object_that_goes_while_it_is_read_ends_the_stream(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_STRETCH_BYTES", 8)
    await store.put(KEY, bytes(20))
    chunks = await store.read(KEY, start=0, end=20)
    await store.delete(KEY)
    with pytest.raises(NoSuchObject):
        _ = [chunk async for chunk in chunks]


async def test_an_object_is_lent_as_a_file(store: ObjectStore) -> None:
    await store.put(KEY, samples.picture())
    async with store.on_disk(KEY) as path:
        assert (path.suffix, path.read_bytes()) == (".png", samples.picture())
    with pytest.raises(NoSuchObject):
        async with store.on_disk("files/acct_1/missing.png"):
            pass


async def test_a_folder_signs_no_urls(tmp_path: Path) -> None:
    assert await ObjectStore(folder=tmp_path).signed_url(KEY, lives=timedelta(hours=1)) is None
