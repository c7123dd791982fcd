from tests.running import Client


def test_a_generation_is_accepted_and_ends_with_a_picture(client: Client) -> None:
    answer = client.generate({"model": "scripted", "prompt": "a tree"})

    assert answer.status == 202
    assert answer.headers["location"] == f"/api/v1/generations/{answer.json['id']}"
    task = client.ended(answer.json["id"])
    assert task["status"] == "succeeded"
    assert task["final_credits"] == task["reserved_credits"] == 2
    picture = client.get(task["result"]["primary_url"])
    assert (picture.status, picture.headers["content-type"]) == (200, "image/png")
