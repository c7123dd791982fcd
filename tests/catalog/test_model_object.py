"""A model on the wire: the contract's fields, and what is derived rather than typed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rivya.catalog.loader import load, read
from rivya.catalog.model import Model
from rivya.catalog.schemas import STAND_IN, model_object

MODELS = load(with_scripted=True)

FIELDS = {
    "id",
    "display_name",
    "category",
    "runtime",
    "base_credits",
    "billing_type",
    "supported_modes",
    "max_prompt_length",
    "reference_media",
    "params",
    "api_status",
    "api_input_status",
    "supported_api_inputs",
    "requires_files_api",
    "requires_upload_for_modes",
    "url_input_supported",
    "file_kinds",
    "chat_capabilities",
    "notices",
    "pricing",
}
PARAM_FIELDS = {"key", "type", "required", "default", "options", "min", "max", "step", "description"}
CHAT_FIELDS = {
    "non_streaming",
    "streaming",
    "web_search",
    "image_attachments",
    "thoughts",
    "reasoning_efforts",
    "context_window",
    "max_output_tokens",
}

MINE = """
id = "mine"
display_name = "Mine"
category = "video"
billing_type = "FIXED"
base_credits = 4
"""


def wire(model: Model, *, available: bool = True, stands_in: bool = False) -> Any:
    return msgspec.json.decode(msgspec.json.encode(model_object(model, available=available, stands_in=stands_in)))


def mine(more: str) -> Any:
    return wire(read("mine.toml", MINE + more))


every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())


@every_model
def test_a_model_has_the_fields_of_the_contract(model: Model) -> None:
    assert set(wire(model)) == FIELDS


@every_model
def test_a_param_has_the_fields_of_the_contract(model: Model) -> None:
    for param in wire(model)["params"]:
        assert set(param) - {"items"} == PARAM_FIELDS
        assert ("items" in param) == (param["type"] == "array")


@every_model
def test_references_chat_and_notices_have_the_fields_of_the_contract(model: Model) -> None:
    shown = wire(model)
    if (rule := shown["reference_media"]) is not None:
        assert set(rule) == {"max_files", "kinds", "rule", "limits", "duration_token_required_for"}
        assert set(rule["limits"]) == set(rule["kinds"])
        assert all(set(limit) == {"max_bytes", "mime_types"} for limit in rule["limits"].values())
    assert (shown["chat_capabilities"] is not None) == (shown["category"] == "chat")
    assert shown["chat_capabilities"] is None or set(shown["chat_capabilities"]) == CHAT_FIELDS
    assert all(set(notice) == {"level", "message"} for notice in shown["notices"])
    assert {"unit", "base", "multipliers"} <= set(shown["pricing"])


@every_model
def test_a_mode_that_needs_an_upload_is_one_of_the_models_modes(model: Model) -> None:
    shown = wire(model)
    assert set(shown["requires_upload_for_modes"]) <= set(shown["supported_modes"])


def test_a_small_model_whole() -> None:
    assert wire(MODELS["z-image"]) == {
        "id": "z-image",
        "display_name": "Z-Image",
        "category": "image",
        "runtime": "async_task",
        "base_credits": 1,
        "billing_type": "FIXED",
        "pricing": {"unit": "generation", "base": 1, "multipliers": []},
        "supported_modes": ["text-to-image"],
        "max_prompt_length": 1000,
        "reference_media": None,
        "params": [
            {
                "key": "aspect_ratio",
                "type": "select",
                "required": False,
                "default": "1:1",
                "options": ["1:1", "4:3", "3:4", "16:9", "9:16"],
                "min": None,
                "max": None,
                "step": None,
                "description": "Width to height of the picture.",
            }
        ],
        "api_status": "available",
        "api_input_status": "available_text",
        "supported_api_inputs": ["text"],
        "requires_files_api": False,
        "requires_upload_for_modes": [],
        "url_input_supported": False,
        "file_kinds": [],
        "chat_capabilities": None,
        "notices": [],
    }


@pytest.mark.parametrize(
    ("text", "available", "status"),
    [
        ("", True, "available"),
        ("", False, "coming_soon"),
        ("studio_only = true", True, "studio_only"),
        ("studio_only = true", False, "studio_only"),
    ],
)
def test_a_model_is_available_when_a_route_of_it_works(text: str, available: bool, status: str) -> None:
    assert wire(read("mine.toml", MINE + text), available=available)["api_status"] == status


def test_who_stands_in_for_a_model_is_said_in_a_warning() -> None:
    notices = wire(MODELS["z-image"], stands_in=True)["notices"]
    assert notices == [{"level": "warning", "message": STAND_IN}]


def test_the_models_own_notices_come_before_the_warning() -> None:
    notices = wire(MODELS["grok-imagine"], stands_in=True)["notices"]
    assert [notice["level"] for notice in notices] == ["info", "warning"]


REFERENCES = (
    "supported_modes = [{modes}]\n{more}\n[reference_media]\nmax_files = 2\nmin_files = {least}\nkinds = [{kinds}]"
)


def referring(modes: str, kinds: str, *, least: int = 0, more: str = "") -> Any:
    shown = mine(REFERENCES.format(modes=modes, kinds=kinds, least=least, more=more))
    return (
        shown["api_input_status"],
        shown["supported_api_inputs"],
        shown["requires_files_api"],
        shown["requires_upload_for_modes"],
        shown["url_input_supported"],
    )


def test_a_picture_is_given_by_its_link() -> None:
    found = referring('"text-to-video", "image-to-video"', '"image"')
    assert found == ("available_url_input", ["text", "file"], False, [], True)


def test_a_mode_that_begins_with_a_video_needs_an_upload() -> None:
    found = referring('"text-to-video", "video-to-video"', '"image", "video"')
    assert found == ("partial_requires_files", ["text", "file"], False, ["video-to-video"], True)


def test_a_model_that_only_works_on_a_sound_needs_an_upload() -> None:
    found = referring('"audio-to-video"', '"audio"', least=1, more='prompt = "unused"')
    assert found == ("requires_files_api", ["file"], True, ["audio-to-video"], False)


def test_the_sound_that_a_prompt_needs_beside_it_is_an_upload_too() -> None:
    assert referring('"audio-to-video"', '"audio"', least=1)[0] == "requires_files_api"


def test_a_model_that_only_works_on_a_picture_needs_no_upload() -> None:
    assert wire(MODELS["rivya-upscale"])["api_input_status"] == "available_url_input"


def test_videos_and_sounds_need_a_duration_token() -> None:
    assert wire(MODELS["seedance-2"])["reference_media"]["duration_token_required_for"] == ["video", "audio"]
    assert wire(MODELS["gpt-image-2"])["reference_media"]["duration_token_required_for"] == []


def test_a_chat_takes_its_pictures_from_the_files_api() -> None:
    shown = wire(MODELS["gpt-5-2-chat"])
    assert (shown["runtime"], shown["file_kinds"], shown["api_input_status"], shown["url_input_supported"]) == (
        "chat",
        ["image"],
        "partial_requires_files",
        False,
    )


def test_a_chat_without_pictures_takes_text() -> None:
    shown = wire(MODELS["claude-sonnet-4-6-chat"])
    assert (shown["file_kinds"], shown["supported_api_inputs"], shown["api_input_status"]) == (
        [],
        ["text"],
        "available_text",
    )


def test_the_usual_limits_hold_where_a_file_gives_none() -> None:
    shown = mine('[reference_media]\nmax_files = 1\nkinds = ["video"]')
    assert shown["reference_media"]["limits"] == {
        "video": {"max_bytes": 50 * 1024 * 1024, "mime_types": ["video/mp4", "video/quicktime", "video/webm"]}
    }


def test_a_select_of_numbers_is_priced_option_by_option() -> None:
    assert wire(MODELS["sora-2"])["pricing"] == {
        "unit": "generation",
        "base": 6,
        "multipliers": [{"param": "n_frames", "value": "15", "factor": 1.5}],
    }


def test_a_number_is_priced_by_a_scale() -> None:
    pricing = wire(MODELS["happyhorse-1-0"])["pricing"]
    assert pricing["scales"] == [{"param": "duration", "per": 5}]
    assert pricing["multipliers"] == [{"param": "resolution", "value": "720p", "factor": 0.6}]


def test_a_metered_price_says_its_unit() -> None:
    assert wire(MODELS["elevenlabs-turbo-2-5"])["pricing"] == {
        "unit": "characters",
        "unit_size": 1000,
        "base": 6,
        "multipliers": [],
    }


def test_a_price_by_tokens_says_what_output_costs() -> None:
    assert wire(MODELS["claude-sonnet-4-6-chat"])["pricing"] == {
        "unit": "tokens",
        "unit_size": 5000,
        "output_factor": 5,
        "base": 4,
        "multipliers": [],
    }


def test_what_is_said_to_a_chat_model_beforehand_is_not_shown() -> None:
    chat = MINE.replace("video", "chat").replace("FIXED", "TOKEN_BASED")
    model = read("mine.toml", chat + '[chat]\ncontext_window = 9\nmax_output_tokens = 9\nsystem = "Be brief."')
    assert "Be brief." not in str(wire(model))
