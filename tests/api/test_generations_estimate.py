"""POST /api/v1/generations/estimate: what a request would reserve, to the credit."""

from __future__ import annotations

from math import ceil, prod
from typing import Any

import pytest

from tests.running import Answer, Client

PATH = "/api/v1/generations/estimate"


def refusal(answer: Answer) -> tuple[int, str, str | None]:
    error = answer.json["error"]
    return answer.status, error["code"], error.get("param")


def test_an_estimate_is_what_is_reserved(client: Client) -> None:
    body = {"model": "scripted", "params": {"outcome": "done"}}
    estimate = client.post(PATH, body).json
    assert estimate["model"] == "scripted"
    assert estimate["estimated_credits"] == client.generate(body).json["reserved_credits"] == 2
    assert estimate["breakdown"] == [{"of": "base", "param": None, "value": None, "factor": 2.0}]


@pytest.mark.parametrize(
    "body",
    [
        {"model": "kling-3-0", "prompt": "a tree", "params": {"duration": "10", "mode": "std", "sound": "true"}},
        {"model": "nano-banana-2", "prompt": "a tree", "params": {"resolution": "4K"}},
        {"model": "elevenlabs-sound-effect-v2", "prompt": "rain", "params": {"duration_seconds": 22}},
        {"model": "seedance-2", "prompt": "a tree", "params": {"duration": 11}},
    ],
)
def test_the_breakdown_multiplies_to_the_estimate_also_for_a_model_that_nobody_serves(
    client: Client, body: dict[str, Any]
) -> None:
    answer = client.post(PATH, body)
    assert answer.status == 200, answer.body
    factors = [one["factor"] for one in answer.json["breakdown"]]
    assert answer.json["estimated_credits"] == max(1, ceil(round(prod(factors), 3)))
    assert len(factors) > 1


def test_an_estimate_spends_nothing_and_starts_nothing(client: Client) -> None:
    client.post(PATH, {"model": "scripted"})
    assert client.get("/api/v1/credits").json["current_credits"] == 100
    assert client.get("/api/v1/generations").json["data"] == []


def test_what_is_metered_by_its_reference_needs_the_measured_length(client: Client) -> None:
    body: dict[str, Any] = {
        "model": "audio-isolation",
        "params": {"referenceMediaItems": [{"url": "x", "kind": "audio"}]},
    }
    assert refusal(client.post(PATH, body)) == (400, "validation_failed", "params.referenceMediaItems[0].url")


def test_a_picture_from_elsewhere_is_not_fetched(client: Client) -> None:
    items = [{"url": "https://127.0.0.1/a.png", "kind": "image"}]
    answer = client.post(PATH, {"model": "rivya-upscale", "params": {"referenceMediaItems": items}})
    assert answer.status == 200, answer.body


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "nobody"}, "model"),
        ({"model": "scripted", "params": {"outcome": "x"}}, "params.outcome"),
        ({"model": "scripted", "files": []}, "files"),
        ({"model": "z-image"}, "prompt"),
    ],
)
def test_a_bad_request_is_refused_as_if_it_were_sent(client: Client, body: dict[str, Any], param: str) -> None:
    assert refusal(client.post(PATH, body)) == (400, "validation_failed", param)
