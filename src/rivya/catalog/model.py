"""The shape of a model file. What is not named here is refused when a file is loaded."""

from __future__ import annotations

from typing import Literal

import msgspec

Category = Literal["image", "video", "audio", "chat"]
MediaKind = Literal["image", "video", "audio"]


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all parts of a model file have in common."""


class Param(Struct, frozen=True):
    key: str
    type: Literal["select", "number", "text", "array"]
    required: bool = False
    default: str | float | None = None
    options: list[str] | None = None
    min: float | None = None
    max: float | None = None
    step: float | None = None
    max_length: int = 5000
    description: str = ""


class ReferenceMedia(Struct, frozen=True):
    """``min_files`` above 0 says that the model cannot work without a reference."""

    max_files: int
    kinds: list[MediaKind]
    min_files: int = 0
    rule: str = ""


class Multiplier(Struct, frozen=True):
    """The price is multiplied by ``factor`` when ``param`` has this ``value``."""

    param: str
    value: str
    factor: float


class Meter(Struct, frozen=True):
    """A METERED model costs its base credits for every ``size`` (or part of it) of ``unit``.

    ``characters`` counts the prompt; ``seconds`` reads the number param ``param``.
    """

    unit: Literal["characters", "seconds"]
    size: float
    param: str | None = None


class Notice(Struct, frozen=True):
    message: str
    level: Literal["info", "warning"] = "info"


class ChatCapabilities(Struct, frozen=True):
    context_window: int
    max_output_tokens: int
    non_streaming: bool = True
    streaming: bool = True
    web_search: bool = False
    image_attachments: bool = False
    thoughts: bool = False
    reasoning_efforts: list[str] = []


class Model(Struct, frozen=True):
    id: str
    display_name: str
    category: Category
    base_credits: int
    billing_type: Literal["FIXED", "METERED", "TOKEN_BASED"]
    max_prompt_length: int | None = None
    prompt: Literal["required", "optional", "unused"] = "required"
    supported_modes: list[str] = []
    deadline_s: int = 600
    params: list[Param] = []
    reference_media: ReferenceMedia | None = None
    multipliers: list[Multiplier] = []
    meter: Meter | None = None
    notices: list[Notice] = []
    chat: ChatCapabilities | None = None

    @property
    def is_async(self) -> bool:
        """Return True for a model that is called through /generations."""
        return self.category != "chat"
