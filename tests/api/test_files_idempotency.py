"""Idempotency-Key on uploads: sending again is safe, and a crash locks nothing for long."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from rivya.kit.ids import AccountId
from tests.api.conftest import Installation
from tests.files import samples
from tests.files.forms import BOUNDARY, PATH, TYPE, body, field, file, send, upload
from tests.running import Client, eventually

PICTURE = samples.picture()


def files(installation: Installation, account: AccountId) -> int:
    return installation.sql("select count(*) from files where account_id = $1", account)[0][0]


@contextmanager
def under_way(client: Client, key: str) -> Iterator[None]:
    """Hold an upload under a key open in the middle of its body."""
    address = urlsplit(client.base_url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.key}\r\nIdempotency-Key: {key}\r\n"
        connection.sendall(f"{head}Content-Type: {TYPE}\r\nContent-Length: 100000\r\n\r\n".encode())
        connection.sendall(field("kind", "image"))
        time.sleep(0.3)
        yield


def test_a_repeated_upload_is_answered_with_the_first_answer_byte_for_byte(
    client: Client, account: AccountId, installation: Installation
) -> None:
    first = upload(client, PICTURE, key="one")
    time.sleep(1.1)  # links are signed to the second: a new one would differ
    second = upload(client, PICTURE, key="one")
    assert (second.status, second.body) == (201, first.body)
    assert second.headers["location"] == first.headers["location"]
    assert ("idempotent-replayed" in first.headers, second.headers["idempotent-replayed"]) == (False, "true")
    assert files(installation, account) == 1


def test_another_boundary_and_order_do_not_make_another_body(client: Client) -> None:
    first = upload(client, PICTURE, key="one")
    content = body(file(PICTURE), field("kind", "image")).replace(BOUNDARY.encode(), b"other")
    second = send(client, content, key="one", content_type="multipart/form-data; boundary=other")
    assert second.body == first.body


@pytest.mark.parametrize(
    "changed",
    [
        {"content": samples.picture(colour="blue")},
        {"name": "other.png"},
        {"fields": {"client_request_id": "x"}},
        {"kind": "video"},
        {"kind": "document"},
        {"content": b"x" * (11 * samples.MEBIBYTE)},
    ],
)
def test_another_body_under_the_same_key_is_a_conflict(client: Client, changed: dict[str, object]) -> None:
    upload(client, PICTURE, key="one")
    answer = upload(client, **{"content": PICTURE, "key": "one", **changed})  # type: ignore[arg-type]
    assert (answer.status, answer.json["error"]["code"]) == (409, "idempotency_conflict")
    assert "retry-after" not in answer.headers


def test_a_key_whose_upload_is_under_way_asks_to_come_back(
    client: Client, account: AccountId, installation: Installation
) -> None:
    with under_way(client, "slow"):
        answer = upload(client, PICTURE, key="slow")
        assert (answer.status, answer.json["error"]["code"]) == (409, "idempotency_conflict")
        assert answer.headers["retry-after"] == "1"
        assert upload(client, PICTURE, key="another").status == 201
    eventually(lambda: upload(client, PICTURE, key="slow").status == 201, within_s=5)
    assert files(installation, account) == 2


def test_a_key_that_a_dead_process_held_is_free_once_its_lease_has_lapsed(
    client: Client, account: AccountId, installation: Installation
) -> None:
    claim = "insert into uploads values ($1, 'upl_dead', 'mine', 'files/x/y.png', now() + $2::interval)"
    installation.sql(claim.replace("$2", "'20 seconds'"), account)
    assert upload(client, PICTURE, key="mine").status == 409
    installation.sql("update uploads set lease_until = now() - interval '1 second' where account_id = $1", account)
    assert upload(client, PICTURE, key="mine").status == 201
    (left,) = installation.sql("select * from uploads where account_id = $1", account)
    assert (left["id"], left["idempotency_key"], left["object_key"]) == ("upl_dead", None, "files/x/y.png")
    installation.sql("delete from uploads where account_id = $1", account)


def test_of_many_at_once_one_makes_a_file_and_the_others_replay_or_come_back(
    client: Client, account: AccountId, installation: Installation
) -> None:
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: upload(client, PICTURE, key="race"), range(6)))
    assert {answer.status for answer in answers} <= {201, 409}
    bodies = {answer.body for answer in answers if answer.status == 201}
    assert len(bodies) == 1
    assert all(answer.headers["retry-after"] == "1" for answer in answers if answer.status == 409)
    assert files(installation, account) == 1


def test_many_replays_at_once_are_all_answered(client: Client) -> None:
    first = upload(client, PICTURE, key="again")
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: upload(client, PICTURE, key="again"), range(6)))
    assert {answer.body for answer in answers} == {first.body}


@pytest.mark.parametrize("refused", [b"no picture", b"x" * (11 * samples.MEBIBYTE)])
def test_a_key_stays_free_after_a_refusal(client: Client, refused: bytes) -> None:
    assert upload(client, refused, key="one").status in (413, 415)
    assert upload(client, PICTURE, key="one").status == 201


def test_the_same_key_of_two_accounts_makes_two_files(client: Client, make_client: Callable[..., Client]) -> None:
    assert upload(client, PICTURE, key="one").json["id"] != upload(make_client(), PICTURE, key="one").json["id"]


def test_a_key_of_a_generation_is_not_that_of_an_upload(client: Client) -> None:
    client.generate({"model": "scripted"}, headers={"Idempotency-Key": "shared"})
    assert upload(client, PICTURE, key="shared").status == 201


def test_a_key_that_is_none_is_refused(client: Client) -> None:
    answer = upload(client, PICTURE, key="x" * 256)
    assert (answer.status, answer.json["error"]["param"]) == (400, "Idempotency-Key")


def test_uploads_without_a_key_are_never_the_same(client: Client) -> None:
    assert upload(client, PICTURE).json["id"] != upload(client, PICTURE).json["id"]
