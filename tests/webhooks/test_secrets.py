"""A signing secret is shown once, is kept sealed, signs for a day after it was changed, and is in no log."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta

import asyncpg
import pytest

from rivya.kit.clock import utc_now
from rivya.kit.ids import AccountId
from rivya.kit.secrets import CannotOpen
from rivya.webhooks.model import Endpoint, EndpointId, endpoint_of
from rivya.webhooks.sealed import Secrets
from tests.api.conftest import Installation
from tests.running import Client
from tests.webhooks.front import WANTED, WEBHOOKS, made

KEY = b"for tests only"
"""The installation's (tests/running.py)."""


def kept(installation: Installation, endpoint: str) -> Endpoint:
    (row,) = installation.sql("select * from webhook_endpoints where id = $1", endpoint)
    return endpoint_of(row)


def everything_stored(installation: Installation) -> bytes:
    """Return the content of every table."""

    async def read() -> bytes:
        connection = await asyncpg.connect(installation.database_url)
        try:
            names = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
            rows = [row for (name,) in names for row in await connection.fetch(f'select t.* from "{name}" t')]
        finally:
            await connection.close()
        return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)

    return asyncio.run(read())


def test_no_secret_is_in_the_database_or_in_a_log(installation: Installation, client: Client) -> None:
    first = client.post(WEBHOOKS, WANTED, headers={"Idempotency-Key": "create"})
    path = f"{WEBHOOKS}/{first.json['id']}"
    again = client.post(f"{path}/rotate-secret", headers={"Idempotency-Key": "rotate"})
    client.post(WEBHOOKS, WANTED, headers={"Idempotency-Key": "create"})
    client.post(WEBHOOKS, {"signing_secret": first.json["signing_secret"]})
    logged = b"".join(file.read_bytes() for file in installation.rivya.folder.glob("*.log"))
    assert b"http.request" in logged
    stored = everything_stored(installation)
    assert first.json["id"].encode() in stored
    for secret in (first.json["signing_secret"], again.json["signing_secret"]):
        text = secret.removeprefix("whsec_").rstrip("=")
        for form in (text.encode(), base64.b64decode(f"{text}="), base64.b64decode(f"{text}=").hex().encode()):
            assert form not in stored
            assert form not in logged


def test_what_is_kept_opens_with_the_installations_key_for_its_endpoint_only(
    installation: Installation, client: Client
) -> None:
    made_ = made(client)
    endpoint = kept(installation, made_["id"])
    secrets = Secrets(KEY)
    assert secrets.live(endpoint, at=utc_now()) == [made_["signing_secret"]]
    for account, id in ((AccountId("acct_other"), endpoint.id), (endpoint.account, EndpointId("whend_other"))):
        with pytest.raises(CannotOpen):
            secrets.open(endpoint.secret, account=account, endpoint=id)
    with pytest.raises(CannotOpen):
        Secrets(b"another key").live(endpoint, at=utc_now())
    assert Secrets(b"another key", old=KEY).live(endpoint, at=utc_now()) == [made_["signing_secret"]]


def test_a_rotation_shows_a_new_secret_and_the_old_one_signs_for_24_hours_more(
    installation: Installation, client: Client
) -> None:
    before = made(client)
    path = f"{WEBHOOKS}/{before['id']}"
    answer = client.post(f"{path}/rotate-secret")
    assert answer.status == 200
    after = answer.json
    assert after["signing_secret"] != before["signing_secret"]
    assert after["secret_preview"] != before["secret_preview"]
    assert client.get(path).json == {name: value for name, value in after.items() if name != "signing_secret"}
    endpoint, now = kept(installation, before["id"]), utc_now()
    new, old = after["signing_secret"], before["signing_secret"]
    assert Secrets(KEY).live(endpoint, at=now) == [new, old]
    assert Secrets(KEY).live(endpoint, at=now + timedelta(hours=23, minutes=58)) == [new, old]
    assert Secrets(KEY).live(endpoint, at=now + timedelta(hours=24)) == [new]


def test_a_second_rotation_ends_the_first_secret(installation: Installation, client: Client) -> None:
    endpoint = made(client)["id"]
    second, third = (client.post(f"{WEBHOOKS}/{endpoint}/rotate-secret").json["signing_secret"] for _ in range(2))
    assert Secrets(KEY).live(kept(installation, endpoint), at=utc_now()) == [third, second]


def test_a_replayed_rotation_gives_the_same_bytes_and_changes_nothing(
    installation: Installation, client: Client
) -> None:
    path = f"{WEBHOOKS}/{made(client)['id']}/rotate-secret"
    first, second = (client.post(path, headers={"Idempotency-Key": "mine"}) for _ in range(2))
    assert first.status == second.status == 200
    assert (second.body, second.headers["idempotent-replayed"]) == (first.body, "true")
    secret = first.json["signing_secret"]
    assert Secrets(KEY).live(kept(installation, first.json["id"]), at=utc_now())[0] == secret


def test_a_kept_answer_opens_for_its_own_call_only(client: Client, installation: Installation) -> None:
    secrets, account = Secrets(KEY), AccountId("acct_1")
    sealed = secrets.seal_answer(b"{}", account=account, route="POST /a", key="k")
    assert secrets.open_answer(sealed, account=account, route="POST /a", key="k") == b"{}"
    for other in (
        {"account": AccountId("acct_2"), "route": "POST /a", "key": "k"},
        {"account": account, "route": "POST /b", "key": "k"},
        {"account": account, "route": "POST /a", "key": "l"},
    ):
        with pytest.raises(CannotOpen):
            secrets.open_answer(sealed, **other)  # type: ignore[arg-type]


def test_a_revoked_endpoint_keeps_no_old_secret(installation: Installation, client: Client) -> None:
    path = f"{WEBHOOKS}/{made(client)['id']}"
    client.post(f"{path}/rotate-secret")
    endpoint = kept(installation, client.call("DELETE", path).json["id"])
    assert endpoint.old_secret is None
