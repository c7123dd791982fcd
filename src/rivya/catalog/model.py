"""The shape of a model file. What is not named here is refused when a file is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rivya.catalog.param import Param
from rivya.catalog.rates import Meter, Multiplier, Scale, TokenRates
from rivya.catalog.references import MediaLimit, ReferenceMedia
from rivya.catalog.shape import Category, MediaKind, Struct

__all__ = [
    "Category",
    "ChatCapabilities",
    "MediaKind",
    "MediaLimit",
    "Meter",
    "Model",
    "Multiplier",
    "Notice",
    "Param",
    "ReferenceMedia",
    "Scale",
    "TokenRates",
]


class Notice(Struct, frozen=True):
    message: str
    level: Literal["info", "warning"] = "info"


class ChatCapabilities(Struct, frozen=True):
    """``system`` is said to the model before every conversation; no client sees it."""

    context_window: int
    max_output_tokens: int
    non_streaming: bool = True
    streaming: bool = True
    web_search: bool = False
    image_attachments: bool = False
    thoughts: bool = False
    reasoning_efforts: Sequence[Literal["minimal", "low", "medium", "high", "xhigh"]] = ()
    system: str | None = None


class Model(Struct, frozen=True):
    """One model. ``prompt_from`` names the array of texts that its prompt is made of."""

    id: str
    display_name: str
    category: Category
    base_credits: int
    billing_type: Literal["FIXED", "METERED", "TOKEN_BASED"]
    max_prompt_length: int | None = None
    prompt: Literal["required", "optional", "unused"] = "required"
    prompt_from: str | None = None
    supported_modes: Sequence[str] = ()
    deadline_s: int = 600
    studio_only: bool = False
    params: Sequence[Param] = ()
    reference_media: ReferenceMedia | None = None
    multipliers: Sequence[Multiplier] = ()
    scales: Sequence[Scale] = ()
    meter: Meter | None = None
    tokens: TokenRates | None = None
    notices: Sequence[Notice] = ()
    chat: ChatCapabilities | None = None

    @property
    def is_async(self) -> bool:
        """Return True for a model that is called through /generations."""
        return self.category != "chat"
