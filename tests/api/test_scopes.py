"""Each operation needs its own scope, and a key that is there, known, alive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from rivya.keys.model import SCOPES
from rivya.keys.secret import new_secret
from rivya.kit.clock import utc_now
from rivya.kit.ids import AccountId
from rivya.openapi.operations import Endpoint
from tests.api.conftest import Installation
from tests.api.operations import ENDPOINTS, name_of, path_of
from tests.running import Answer, Client, eventually

SCOPED = [endpoint for endpoint in ENDPOINTS if not endpoint.operation.public]


def call(client: Client, endpoint: Endpoint) -> Answer:
    return client.call(endpoint.method.upper(), path_of(endpoint), {} if endpoint.method == "post" else None)


def refusal(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["error"]["code"]


def test_the_table_holds_every_operation_that_the_server_has(installation: Installation) -> None:
    document = Client(installation.base_url).get("/api/v1/openapi.json").json
    served = {
        operation["operationId"]
        for path in document["paths"].values()
        for method, operation in path.items()
        if method in ("get", "post", "put", "patch", "delete")
    }
    assert served - {"getOpenApi", "getOpenapi", "readOpenapi"} >= {one.operation.id for one in ENDPOINTS}
    assert len(served) - len(ENDPOINTS) <= 1  # the document itself


def test_every_scope_that_there_is_opens_something() -> None:
    assert set(SCOPES) - {one.operation.scope for one in ENDPOINTS} == set()


@pytest.mark.parametrize("endpoint", SCOPED, ids=name_of)
def test_a_key_with_all_scopes_but_the_one_is_denied(make_client: Callable[..., Client], endpoint: Endpoint) -> None:
    scopes = tuple(scope for scope in SCOPES if scope != endpoint.operation.scope)
    answer = call(make_client(scopes=scopes), endpoint)
    assert refusal(answer) == (403, "api_scope_denied")
    assert endpoint.operation.scope in answer.json["error"]["message"]


@pytest.mark.parametrize("endpoint", SCOPED, ids=name_of)
def test_a_key_with_the_one_scope_is_let_in(make_client: Callable[..., Client], endpoint: Endpoint) -> None:
    assert call(make_client(scopes=(endpoint.operation.scope,)), endpoint).status not in (401, 403)


@pytest.mark.parametrize("endpoint", SCOPED, ids=name_of)
def test_without_a_good_key_nobody_is_let_in(
    installation: Installation, account: AccountId, endpoint: Endpoint
) -> None:
    revoked = installation.key(account)
    installation.sql("update api_keys set revoked_at = now() where id = $1", revoked.id)
    expired = installation.client(account, expires_at=utc_now() - timedelta(seconds=1))
    assert refusal(call(Client(installation.base_url), endpoint)) == (401, "api_key_missing")
    assert refusal(call(Client(installation.base_url, new_secret()), endpoint)) == (401, "api_key_invalid")
    assert refusal(call(Client(installation.base_url, "rvya_sk_x"), endpoint)) == (401, "api_key_invalid")
    assert refusal(call(expired, endpoint)) == (401, "api_key_expired")
    gone = Client(installation.base_url, revoked.secret)
    eventually(lambda: refusal(call(gone, endpoint)) == (401, "api_key_revoked"))
