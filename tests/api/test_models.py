"""/api/v1/models: the catalog as clients see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from rivya.keys.secret import new_secret
from rivya.kit.clock import utc_now
from rivya.kit.ids import AccountId
from tests.api.conftest import Installation
from tests.running import Answer, Client, Rivya

PATH = "/api/v1/models"


def refusal(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["error"]["code"]


@pytest.fixture
def anybody(installation: Installation) -> Client:
    return Client(installation.base_url)


def test_the_list_needs_no_key(anybody: Client) -> None:
    answer = anybody.get(PATH)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert set(answer.json) == {"object", "data"}
    assert answer.json["object"] == "list"


def test_the_list_holds_every_model_once_in_a_stable_order(anybody: Client) -> None:
    ids = [model["id"] for model in anybody.get(PATH).json["data"]]
    assert len(set(ids)) == len(ids)
    assert {"z-image", "audio-isolation", "gpt-5-2-chat", "scripted", "hasty"} <= set(ids)
    assert ids == [model["id"] for model in anybody.get(PATH).json["data"]]


def test_the_list_is_not_paged(anybody: Client) -> None:
    assert len(anybody.get(f"{PATH}?limit=1").json["data"]) > 1


def test_a_model_with_a_working_provider_is_available(anybody: Client) -> None:
    assert anybody.get(f"{PATH}/hasty").json["api_status"] == "available"


def test_a_model_without_one_is_listed_and_coming_soon(anybody: Client) -> None:
    assert anybody.get(f"{PATH}/z-image").json["api_status"] == "coming_soon"
    status = {model["id"]: model["api_status"] for model in anybody.get(PATH).json["data"]}
    assert (status["z-image"], status["hasty"]) == ("coming_soon", "available")


def test_one_model_is_as_it_is_in_the_list(anybody: Client) -> None:
    listed = {model["id"]: model for model in anybody.get(PATH).json["data"]}
    assert anybody.get(f"{PATH}/elevenlabs-dialogue-v3").json == listed["elevenlabs-dialogue-v3"]


@pytest.mark.parametrize("id", ["no-such-model", "Z-IMAGE", "z_image", "z-image%20", "%00", "x" * 5000])
def test_an_unknown_model_is_not_found(anybody: Client, id: str) -> None:
    answer = anybody.get(f"{PATH}/{id}")
    assert refusal(answer) == (404, "not_found")
    assert len(answer.body) < 500


def test_a_key_is_accepted(client: Client) -> None:
    assert client.get(PATH).status == 200
    assert client.get(f"{PATH}/z-image").status == 200


@pytest.mark.parametrize("path", [PATH, f"{PATH}/z-image"])
def test_a_key_that_is_sent_must_be_known(installation: Installation, path: str) -> None:
    assert refusal(Client(installation.base_url, new_secret()).get(path)) == (401, "api_key_invalid")


def test_a_key_that_is_sent_must_live(installation: Installation, account: AccountId) -> None:
    client = installation.client(account, expires_at=utc_now() - timedelta(seconds=1))
    assert refusal(client.get(PATH)) == (401, "api_key_expired")


def test_a_key_that_is_sent_needs_its_scope(make_client: Callable[..., Client]) -> None:
    assert refusal(make_client(scopes=("generations:read",)).get(PATH)) == (403, "api_scope_denied")
    assert make_client(scopes=("models:read",)).get(PATH).status == 200


def test_an_authorization_of_another_form_is_refused(anybody: Client) -> None:
    answer = anybody.get(PATH, headers={"Authorization": "Basic abc"})
    assert refusal(answer) == (401, "api_key_missing")


@pytest.mark.parametrize("path", [PATH, f"{PATH}/z-image"])
def test_who_has_the_answer_already_is_not_sent_it_again(anybody: Client, path: str) -> None:
    first = anybody.get(path)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "no-cache"
    for given in (tag, f'"other", W/{tag}', "*"):
        again = anybody.get(path, headers={"If-None-Match": given})
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert anybody.get(path, headers={"If-None-Match": '"other"'}).status == 200


def test_a_method_that_models_do_not_take_is_refused(anybody: Client) -> None:
    assert refusal(anybody.post(PATH, {})) == (405, "method_not_allowed")


def test_a_stand_in_is_told_in_a_warning(database_url: str, tmp_path: Path) -> None:
    providers = tmp_path / "providers.toml"
    providers.write_text(
        '[providers]\n[[routes]]\nmodel = "z-image"\nprovider = "scripted"\ntarget = "scripted"\nstand_in = true\n'
    )
    rivya = Rivya(database_url, tmp_path / "rivya", {"RIVYA_PROVIDERS_FILE": str(providers)})
    rivya.served_by_nobody("scripted.scripted")
    try:
        model = Client(rivya.serve()[1]).get(f"{PATH}/z-image").json
    finally:
        rivya.close()
    assert model["api_status"] == "available"
    assert [notice["level"] for notice in model["notices"]] == ["warning"]
