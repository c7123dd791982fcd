from collections.abc import Callable

from tests.running import Client


def test_an_account_sees_what_it_can_spend(client: Client) -> None:
    assert client.get("/api/v1/credits").json == {"current_credits": 100, "reserved_credits": 0, "expiring_soon": []}


def test_credits_of_a_running_task_are_reserved(client: Client) -> None:
    task = client.generate({"model": "scripted", "params": {"delay_s": 60}}).json
    seen = client.get("/api/v1/credits").json
    assert (seen["current_credits"], seen["reserved_credits"]) == (98, 2)
    client.post(f"/api/v1/generations/{task['id']}/cancel")
    client.ended(task["id"])
    assert client.get("/api/v1/credits").json["current_credits"] == 100


def test_a_key_without_the_scope_is_refused(make_client: Callable[..., Client]) -> None:
    answer = make_client(scopes=("generations:create",)).get("/api/v1/credits")
    assert (answer.status, answer.json["error"]["code"]) == (403, "api_scope_denied")
