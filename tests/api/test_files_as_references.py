"""Uploaded files given to a model: by their link or their id, and only one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.files import samples
from tests.files.forms import PATH, uploaded
from tests.running import Answer, Client


def generate(client: Client, **item: Any) -> Answer:
    params = {"style": "ink", "referenceMediaItems": [{"kind": "image", **item}]}
    return client.generate({"model": "demanding", "prompt": "a tree", "params": params})


@pytest.mark.parametrize("name", ["url", "id"])
def test_a_model_takes_an_uploaded_picture(client: Client, name: str) -> None:
    made = uploaded(client, samples.picture(), fields={"model": "demanding"})
    assert generate(client, url=made[name]).status == 202


def test_a_picture_that_was_deleted_is_refused(client: Client) -> None:
    made = uploaded(client, samples.picture())
    client.call("DELETE", f"{PATH}/{made['id']}")
    answer = generate(client, url=made["url"])
    assert (answer.status, answer.json["error"]["param"]) == (400, "params.referenceMediaItems[0].url")


def test_another_accounts_picture_is_refused(client: Client, make_client: Callable[..., Client]) -> None:
    made = uploaded(make_client(), samples.picture())
    for name in ("url", "id"):
        answer = generate(client, url=made[name])
        assert (answer.status, answer.json["error"]["param"]) == (400, "params.referenceMediaItems[0].url")
