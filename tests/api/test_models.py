from collections.abc import Callable

from tests.api.conftest import Installation
from tests.running import Client


def test_the_list_needs_no_key_and_holds_models_that_cannot_be_called_too(installation: Installation) -> None:
    answer = Client(installation.base_url).get("/api/v1/models")
    assert answer.status == 200
    assert answer.json["object"] == "list"
    states = {model["id"]: model["api_status"] for model in answer.json["data"]}
    assert states["scripted"] == "available"
    assert states["z-image"] == "coming_soon", "no engine is configured in this installation"


def test_a_model_shows_its_params_and_price(client: Client) -> None:
    model = client.get("/api/v1/models/z-image").json
    assert (model["category"], model["runtime"], model["base_credits"]) == ("image", "async_task", 1)
    assert (model["billing_type"], model["max_prompt_length"]) == ("FIXED", 1000)
    (param,) = model["params"]
    assert (param["key"], param["type"], param["default"]) == ("aspect_ratio", "select", "1:1")
    assert param["options"] == ["1:1", "4:3", "3:4", "16:9", "9:16"]
    assert model["reference_media"] is None
    assert model["chat_capabilities"] is None


def test_a_chat_model_shows_what_it_can_do(client: Client) -> None:
    model = client.get("/api/v1/models/rivya-mini-chat").json
    assert model["runtime"] == "chat"
    assert model["chat_capabilities"]["context_window"] > 0


def test_a_model_that_is_not_there_is_not_found(client: Client) -> None:
    assert client.get("/api/v1/models/nothing").json["error"]["code"] == "not_found"


def test_a_key_that_is_sent_must_be_good_and_hold_the_scope(
    installation: Installation, make_client: Callable[..., Client]
) -> None:
    assert Client(installation.base_url, "rvya_sk_wrong").get("/api/v1/models").status == 401
    assert make_client(scopes=("credits:read",)).get("/api/v1/models").status == 403


def test_an_unchanged_list_is_not_sent_again(client: Client) -> None:
    tag = client.get("/api/v1/models").headers["etag"]
    assert client.get("/api/v1/models", headers={"If-None-Match": tag}).status == 304
