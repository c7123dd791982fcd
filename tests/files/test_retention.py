"""What is not kept any more goes: objects first, then rows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from rivya.files import retention
from rivya.files.retention import clear_fetched, clear_files, clear_uploads
from rivya.files.store import NoSuchObject, ObjectStore, StoreFault
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool

ADD = """insert into files (account_id, id, kind, file_name, mime_type, size_bytes, object_key, created_at, expires_at,
                            deleted_at)
         values ('acct_1', $1, 'image', 'a', 'image/png', 1, 'files/' || $1, now(), $2, $3)"""
SECOND = timedelta(seconds=1)


class Faulty(ObjectStore):
    """Refuses to delete the objects named."""

    refused: tuple[str, ...] = ()

    async def delete(self, key: str) -> None:
        if key in self.refused:
            raise StoreFault(key)
        await super().delete(key)


@pytest.fixture
def store(tmp_path: Path) -> Faulty:
    return Faulty(folder=tmp_path)


async def add(pool: Pool, store: ObjectStore, id: str, *, expired: bool = False, deleted: bool = False) -> None:
    now = utc_now()
    await store.put(f"files/{id}", b"x")
    await pool.execute(ADD, id, now - SECOND if expired else now + timedelta(days=1), now if deleted else None)


async def kept(pool: Pool, store: ObjectStore) -> list[str]:
    """Return the ids of the files whose rows are there, having checked that so are their objects."""
    rows = await pool.fetch("select id, object_key from files order by id")
    for row in rows:
        await store.size(row["object_key"])
    return [row["id"] for row in rows]


async def test_expired_and_deleted_files_go_with_their_objects(pool: Pool, store: Faulty) -> None:
    await add(pool, store, "living")
    await add(pool, store, "expired", expired=True)
    await add(pool, store, "deleted", deleted=True)
    assert await clear_files(pool, store) == 2
    assert await kept(pool, store) == ["living"]
    for key in ("files/expired", "files/deleted"):
        with pytest.raises(NoSuchObject):
            await store.size(key)


async def test_a_file_whose_object_has_gone_already_goes_as_well(pool: Pool, store: Faulty) -> None:
    await add(pool, store, "deleted", deleted=True)
    await store.delete("files/deleted")
    assert await clear_files(pool, store) == 1


async def test_what_the_store_refuses_stays_for_the_next_time_and_stops_nothing_else(
    pool: Pool, store: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_BATCH", 2)
    for number in range(5):
        await add(pool, store, f"file_{number}", expired=True)
    store.refused = ("files/file_0",)
    assert await clear_files(pool, store) == 4
    assert await kept(pool, store) == ["file_0"]
    store.refused = ()
    assert await clear_files(pool, store) == 1


async def test_a_store_that_refuses_everything_is_not_asked_for_ever(
    pool: Pool, store: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_BATCH", 2)
    for number in range(9):
        await add(pool, store, f"file_{number}", expired=True)
    store.refused = tuple(f"files/file_{number}" for number in range(9))
    assert await clear_files(pool, store) == 0
    assert len(await kept(pool, store)) == 9


async def test_there_are_no_more_batches_than_a_sweep_may_have(
    pool: Pool, store: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_BATCH", 2)
    monkeypatch.setattr(retention, "_MOST_BATCHES", 2)
    for number in range(9):
        await add(pool, store, f"file_{number}", expired=True)
    assert [await clear_files(pool, store) for _ in range(3)] == [4, 4, 1]


async def test_the_object_of_an_upload_that_never_became_a_file_goes(pool: Pool, store: Faulty) -> None:
    add_upload = "insert into uploads values ('acct_1', $1, null, $2, now() - $3::interval)"
    await store.put("files/orphan", b"x")
    await store.put("files/young", b"x")
    await pool.execute(add_upload, "upl_dead", "files/orphan", timedelta(hours=2))
    await pool.execute(add_upload, "upl_without", None, timedelta(hours=2))
    await pool.execute(add_upload, "upl_young", "files/young", timedelta(minutes=5))
    assert await clear_uploads(pool, store) == 2
    with pytest.raises(NoSuchObject):
        await store.size("files/orphan")
    assert await store.size("files/young") == 1
    assert [row["id"] for row in await pool.fetch("select id from uploads")] == ["upl_young"]


async def test_a_fetched_reference_goes_when_its_time_is_over_also_without_its_object(
    pool: Pool, store: Faulty
) -> None:
    add_fetched = "insert into fetched_references values ('acct_1', $1, 'references/' || $1, 1, now(), now() + $2)"
    for id, lives in (("old", -SECOND), ("never_stored", -SECOND), ("young", SECOND * 3600), ("stuck", -SECOND)):
        await pool.execute(add_fetched, id, lives)
        if id != "never_stored":
            await store.put(f"references/{id}", b"x")
    store.refused = ("references/stuck",)
    assert await clear_fetched(pool, store) == 2
    assert [row["id"] for row in await pool.fetch("select id from fetched_references order by id")] == [
        "stuck",
        "young",
    ]
    assert await store.size("references/young") == 1
    with pytest.raises(NoSuchObject):
        await store.size("references/old")
    store.refused = ()
    assert await clear_fetched(pool, store) == 1
