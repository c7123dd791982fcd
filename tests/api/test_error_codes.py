"""Each row of the public error table, brought about through HTTP: code, status and envelope as documented.

An error class that is missing here fails the last test: no code goes out that nobody has seen go out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from rivya import errors
from rivya.keys import service as keys
from rivya.keys.secret import new_secret
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool, open_pool
from rivya.switches import service as switches
from rivya.wallet.model import Balance
from tests.api.conftest import Installation, running
from tests.api.operations import MISSING
from tests.databases import Databases
from tests.files.forms import upload, uploaded
from tests.files.samples import picture, sound
from tests.running import Answer, Client, eventually, free_port

_HERE = Path(__file__).parent
GENERATIONS = "/api/v1/generations"
CHAT = "/api/v1/chat/completions"
WEBHOOKS = "/api/v1/webhooks"


@dataclass
class Provoking:
    installation: Installation
    client: Client

    def with_pool(self, act: Callable[[Pool], object]) -> None:
        async def run() -> None:
            async with open_pool(self.installation.database_url, size=1) as pool:
                await act(pool)  # type: ignore[misc]

        asyncio.run(run())

    def limited(self, **limits: int) -> Client:
        """Return a client of a new account whose key has these limits."""
        account = self.installation.account()
        key = self.installation.key(account)
        self.with_pool(lambda pool: keys.change_limits(pool, key=key.id, **limits))  # type: ignore[arg-type]
        return Client(self.client.base_url, key.secret)


@pytest.fixture(scope="module")
def provoked_installation(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation whose chat model is answered by nobody: its upstream's port is closed."""
    folder = Path(tmp_path_factory.mktemp("provoked"))
    providers = folder / "providers.toml"
    providers.write_text(
        f'[providers.nobody]\nkind = "openai"\nurl = "http://127.0.0.1:{free_port()}/v1"\n'
        '[[routes]]\nmodel = "talker"\nprovider = "nobody"\ntarget = "talker-1"\n'
    )
    settings = {
        "RIVYA_PROVIDERS_FILE": str(providers),
        "RIVYA_CATALOG_DIR": str(_HERE.parent / "chat" / "models"),
        "RIVYA_STAND_INS": "false",
    }
    with databases.one() as database_url, running(database_url, folder, settings) as found:
        yield found


@pytest.fixture
def provoking(provoked_installation: Installation) -> Iterator[Provoking]:
    account = provoked_installation.account(credits=1000)
    yield Provoking(provoked_installation, provoked_installation.client(account))
    assert provoked_installation.balance(account) == Balance(available=1000, reserved=0), "an error cost something"
    assert provoked_installation.violations() == []


def public_api_disabled(at: Provoking) -> Answer:
    at.with_pool(lambda pool: switches.turn_public_api(pool, on=False, reason="tests"))
    try:
        return eventually(lambda: (found := at.client.get("/api/v1/models")).status == 503 and found)
    finally:
        at.with_pool(lambda pool: switches.turn_public_api(pool, on=True, reason="tests"))
        eventually(lambda: at.client.get("/api/v1/models").status == 200)


def api_key_revoked(at: Provoking) -> Answer:
    key = at.installation.key(at.installation.account())
    at.with_pool(lambda pool: keys.revoke(pool, key=key.id))
    return Client(at.client.base_url, key.secret).get("/api/v1/credits")


def api_key_expired(at: Provoking) -> Answer:
    past = utc_now() - timedelta(seconds=1)
    return at.installation.client(at.installation.account(), expires_at=past).get("/api/v1/credits")


def rate_limited(at: Provoking) -> Answer:
    client = at.limited(requests_a_minute=2)
    answers = [client.get("/api/v1/credits") for _ in range(3)]
    assert [answer.status for answer in answers[:2]] == [200, 200]
    assert int(answers[2].headers["retry-after"]) >= 1
    return answers[2]


def insufficient_credits(at: Provoking) -> Answer:
    return at.installation.client(at.installation.account(credits=1)).generate({"model": "scripted"})


def idempotency_conflict(at: Provoking) -> Answer:
    client = at.installation.client(at.installation.account())
    first, second = (
        client.post(GENERATIONS, {"model": "scripted", "prompt": prompt}, headers={"Idempotency-Key": "one"})
        for prompt in ("a tree", "a house")
    )
    assert first.status == 202
    return second


def internal_error(at: Provoking) -> Answer:
    """A table is not where it belongs: a fault that no code of ours expects."""
    at.installation.sql("alter table tasks rename to tasks_away")
    try:
        return at.client.get(GENERATIONS)
    finally:
        at.installation.sql("alter table tasks_away rename to tasks")


def chat_session_conflict(at: Provoking) -> Answer:
    return at.client.post(CHAT, {"model": "talker", "message": "Hi", "session_id": MISSING["session_id"]})


def chat_attachment_not_supported(at: Provoking) -> Answer:
    attachments = [{"file_id": uploaded(at.client, sound(), kind="audio")["id"]}]
    return at.client.post(CHAT, {"model": "talker", "message": "Hi", "attachments": attachments})


def webhook_endpoint_disabled(at: Provoking) -> Answer:
    wanted = {"name": "mine", "url": "https://93.184.216.34/", "event_types": ["generation.failed"]}
    path = f"{WEBHOOKS}/{at.client.post(WEBHOOKS, wanted).json['id']}"
    assert at.client.call("PATCH", path, {"status": "disabled"}).status == 200
    return at.client.post(f"{path}/test")


def file_too_large(at: Provoking) -> Answer:
    large = picture() + b"\0" * (10 * 1024 * 1024)
    return upload(at.client, large)


PROVOKED: dict[type[errors.PublicError], Callable[[Provoking], Answer]] = {
    errors.PublicApiDisabled: public_api_disabled,
    errors.ApiKeyMissing: lambda at: Client(at.client.base_url).get("/api/v1/credits"),
    errors.ApiKeyInvalid: lambda at: Client(at.client.base_url, new_secret()).get("/api/v1/credits"),
    errors.ApiKeyRevoked: api_key_revoked,
    errors.ApiKeyExpired: api_key_expired,
    errors.ApiScopeDenied: lambda at: at.installation.client(at.installation.account(), scopes=("files:read",)).get(
        "/api/v1/credits"
    ),
    errors.RateLimited: rate_limited,
    errors.InsufficientCredits: insufficient_credits,
    errors.SpendLimitReached: lambda at: at.limited(credits_a_month=1).generate({"model": "scripted"}),
    errors.ModelNotAvailable: lambda at: at.client.generate({"model": "gpt-image-2", "prompt": "a tree"}),
    errors.UpstreamUnavailable: lambda at: at.client.post(CHAT, {"model": "talker", "message": "Hi"}),
    errors.ValidationFailed: lambda at: at.client.generate({}),
    errors.FileTooLarge: file_too_large,
    errors.FileTypeRejected: lambda at: upload(at.client, b"no picture"),
    errors.NotFound: lambda at: at.client.get(f"{GENERATIONS}/{MISSING['task_id']}"),
    errors.MethodNotAllowed: lambda at: at.client.call("PUT", GENERATIONS, {}),
    errors.IdempotencyConflict: idempotency_conflict,
    errors.InternalError: internal_error,
    errors.ChatModelNotSupported: lambda at: at.client.post(CHAT, {"model": "scripted", "message": "Hi"}),
    errors.ChatSessionConflict: chat_session_conflict,
    errors.ChatAttachmentNotSupported: chat_attachment_not_supported,
    errors.WebhookUrlRejected: lambda at: at.client.post(
        WEBHOOKS, {"name": "mine", "url": "https://127.0.0.1/", "event_types": ["generation.failed"]}
    ),
    errors.WebhookEndpointDisabled: webhook_endpoint_disabled,
}


@pytest.mark.parametrize("error", PROVOKED, ids=lambda error: error.code)
def test_the_error_comes_as_documented_and_costs_nothing(provoking: Provoking, error: type[errors.PublicError]) -> None:
    answer = PROVOKED[error](provoking)
    assert (answer.status, answer.json["error"]["code"]) == (error.status, error.code), answer.body
    assert set(answer.json) == {"error"}
    assert set(answer.json["error"]) - {"param"} == {"code", "message", "requestId"}
    assert answer.json["error"]["requestId"] == answer.headers["x-request-id"]
    assert answer.headers["content-type"] == "application/json"


def test_every_error_of_the_table_is_tried() -> None:
    assert set(PROVOKED) == set(errors.PublicError.__subclasses__())
