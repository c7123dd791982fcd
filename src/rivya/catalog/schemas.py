"""The Model object as clients see it (contract, section 9)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from rivya.catalog.inputs import ApiStatus, InputStatus, api_inputs, api_status
from rivya.catalog.model import Category, ChatCapabilities, MediaKind, MediaLimit, Model, Notice, Param, ReferenceMedia
from rivya.catalog.price import exact
from rivya.catalog.rates import TokenRates

_AboveNothing = Annotated[float, Meta(gt=0)]

STAND_IN = (
    "On this installation no provider is set up for this model. A built-in engine answers in its place: "
    "what it makes is not what the model would make."
)


class ParamObject(msgspec.Struct, frozen=True):
    """One param of a model: its name and values are the model's own."""

    key: Annotated[str, Meta(min_length=1)]
    """Its name in `params`."""
    type: Literal["select", "number", "text", "array"]
    """The values of a select are strings, even `"false"` and `"5"`; those of a number are JSON numbers."""
    required: bool
    """Whether it must be sent."""
    default: str | float | None
    """What it counts as when it is left out."""
    options: list[str] | None
    """All values that a select takes."""
    min: float | None
    """The least that a number may be."""
    max: float | None
    """The most that a number may be."""
    step: float | None
    """Values are the least one plus so many steps."""
    description: str
    """What it does."""
    items: list[ParamObject] | UnsetType = UNSET
    """The fields of an array's entries; there for arrays of objects only."""


class LimitObject(msgspec.Struct, frozen=True):
    """What a file of one kind may be."""

    max_bytes: Annotated[int, Meta(ge=1)]
    """How large it may be."""
    mime_types: list[str]
    """The types that it may have."""


class ReferenceMediaObject(msgspec.Struct, frozen=True):
    """What a model takes in `params.referenceMediaItems`."""

    max_files: Annotated[int, Meta(ge=1)]
    """How many there may be."""
    kinds: list[MediaKind]
    """What they may be."""
    rule: str
    """Which mixes will do, in words."""
    limits: dict[MediaKind, LimitObject]
    """What a file of each kind may be."""
    duration_token_required_for: list[MediaKind]
    """The kinds that need the `duration_token` of an upload."""


class ChatCapabilitiesObject(msgspec.Struct, frozen=True):
    """What a chat model can do."""

    non_streaming: bool
    """Whether it answers in one piece."""
    streaming: bool
    """Whether it answers as a stream."""
    web_search: bool
    """Whether it can look things up."""
    image_attachments: bool
    """Whether it takes pictures."""
    thoughts: bool
    """Whether it shows its thoughts."""
    reasoning_efforts: list[str]
    """What `reasoning_effort` may be beside `default`."""
    context_window: Annotated[int, Meta(ge=1)]
    """In tokens, with the answer."""
    max_output_tokens: Annotated[int, Meta(ge=1)]
    """The longest answer."""


class NoticeObject(msgspec.Struct, frozen=True):
    """Something to know before calling a model."""

    level: Literal["info", "warning"]
    """How much it matters."""
    message: str
    """What to know."""


class MultiplierObject(msgspec.Struct, frozen=True):
    """The price is multiplied by `factor` when `param` has this value."""

    param: str
    """Which param."""
    value: str
    """Which value of it."""
    factor: _AboveNothing
    """What the price is multiplied by."""


class ScaleObject(msgspec.Struct, frozen=True):
    """The price is multiplied by the value of `param` divided by `per`."""

    param: str
    """Which param."""
    per: _AboveNothing
    """What its value is divided by."""


class PricingObject(msgspec.Struct, frozen=True):
    """``base`` credits buy one generation, or ``unit_size`` characters, seconds or tokens."""

    unit: Literal["generation", "characters", "seconds", "tokens"]
    """What is counted."""
    base: Annotated[int, Meta(ge=1)]
    """In credits."""
    multipliers: list[MultiplierObject]
    """Values of params that change the price."""
    unit_size: _AboveNothing | UnsetType = UNSET
    """How many of them `base` buys."""
    scales: list[ScaleObject] | UnsetType = UNSET
    """Params that the price grows with."""
    output_factor: _AboveNothing | UnsetType = UNSET
    """How many tokens of input one of output costs."""


class ModelObject(msgspec.Struct, frozen=True):
    """The model as clients see it."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,100}$")]
    """What to send as `model`."""
    display_name: Annotated[str, Meta(min_length=1)]
    """Its name for people."""
    category: Category
    """What it makes."""
    runtime: Literal["async_task", "chat"]
    """Whether it is called through generations or through chat."""
    base_credits: Annotated[int, Meta(ge=1)]
    """What one call costs with the params' defaults, or one unit of a metered model."""
    billing_type: Literal["FIXED", "METERED", "TOKEN_BASED"]
    """A price for each call (`FIXED`), for what is begun of a measure (`METERED`), or for tokens (`TOKEN_BASED`)."""
    pricing: PricingObject
    """What the price is made of."""
    supported_modes: list[str]
    """What it makes from what."""
    max_prompt_length: Annotated[int, Meta(ge=1)] | None
    """In characters; null when there is no limit."""
    reference_media: ReferenceMediaObject | None
    """Which files it takes; null when it takes none."""
    params: list[ParamObject]
    """What may be sent in `params`."""
    api_status: ApiStatus
    """`available` when a call works now."""
    api_input_status: InputStatus
    """How its inputs reach it."""
    supported_api_inputs: list[Literal["text", "file"]]
    """What can be sent to it."""
    requires_files_api: bool
    """Nothing works without an upload."""
    requires_upload_for_modes: list[str]
    """The modes that need an upload."""
    url_input_supported: bool
    """Whether a link will do as a reference, without an upload."""
    file_kinds: list[MediaKind]
    """The kinds of files that it takes."""
    chat_capabilities: ChatCapabilitiesObject | None
    """What it can do in a chat; null for a model of generations."""
    notices: list[NoticeObject]
    """What to know before calling it."""


class ModelList(msgspec.Struct, frozen=True, kw_only=True):
    object: Literal["list"] = "list"
    data: list[ModelObject]
    """All models, by category and id."""


def model_object(model: Model, *, available: bool, stands_in: bool) -> ModelObject:
    """Return a model for the wire.

    ``available`` says that one of its routes works now; ``stands_in`` that what would answer is another engine.
    """
    inputs = api_inputs(model)
    notices = [*model.notices, *([Notice(level="warning", message=STAND_IN)] if stands_in else [])]
    return ModelObject(
        id=model.id,
        display_name=model.display_name,
        category=model.category,
        runtime="async_task" if model.is_async else "chat",
        base_credits=model.base_credits,
        billing_type=model.billing_type,
        pricing=_pricing(model),
        supported_modes=list(model.supported_modes),
        max_prompt_length=model.max_prompt_length,
        reference_media=_references(model.reference_media),
        params=[_param(param) for param in model.params],
        api_status=api_status(model, available=available),
        api_input_status=inputs.status,
        supported_api_inputs=inputs.supported,
        requires_files_api=inputs.requires_files_api,
        requires_upload_for_modes=inputs.requires_upload_for_modes,
        url_input_supported=inputs.url_input,
        file_kinds=inputs.file_kinds,
        chat_capabilities=_chat(model.chat),
        notices=[NoticeObject(notice.level, notice.message) for notice in notices],
    )


def _param(param: Param) -> ParamObject:
    return ParamObject(
        key=param.key,
        type=param.type,
        required=param.required,
        default=param.default,
        options=param.options,
        min=param.min,
        max=param.max,
        step=param.step,
        description=param.description,
        items=[_param(item) for item in param.items] if param.items is not None else UNSET,
    )


def _references(rule: ReferenceMedia | None) -> ReferenceMediaObject | None:
    if rule is None:
        return None
    return ReferenceMediaObject(
        max_files=rule.max_files,
        kinds=rule.kinds,
        rule=rule.rule,
        limits={kind: _limit(rule.limit(kind)) for kind in rule.kinds},
        duration_token_required_for=rule.duration_token_required_for,
    )


def _limit(limit: MediaLimit) -> LimitObject:
    return LimitObject(limit.max_bytes, limit.mime_types)


def _chat(chat: ChatCapabilities | None) -> ChatCapabilitiesObject | None:
    if chat is None:
        return None
    return ChatCapabilitiesObject(
        non_streaming=chat.non_streaming,
        streaming=chat.streaming,
        web_search=chat.web_search,
        image_attachments=chat.image_attachments,
        thoughts=chat.thoughts,
        reasoning_efforts=list(chat.reasoning_efforts),
        context_window=chat.context_window,
        max_output_tokens=chat.max_output_tokens,
    )


def _pricing(model: Model) -> PricingObject:
    """Say all of a price in the table of multipliers that can be said there: a scale of a select can."""
    options = {param.key: param.options for param in model.params}
    multipliers = [MultiplierObject(given.param, given.value, given.factor) for given in model.multipliers]
    scales: list[ScaleObject] = []
    for scale in model.scales:
        if (values := options.get(scale.param)) is None:
            scales.append(ScaleObject(scale.param, scale.per))
            continue
        factors = [(value, float(exact(value) / exact(scale.per))) for value in values]
        multipliers += [
            MultiplierObject(scale.param, value, round(factor, 6)) for value, factor in factors if factor != 1
        ]
    rates = model.tokens or TokenRates() if model.billing_type == "TOKEN_BASED" else None
    size = model.meter.size if model.meter is not None else rates.size if rates is not None else UNSET
    return PricingObject(
        unit=model.meter.unit if model.meter is not None else "tokens" if rates is not None else "generation",
        base=model.base_credits,
        multipliers=multipliers,
        unit_size=size,
        scales=scales or UNSET,
        output_factor=rates.output_factor if rates is not None else UNSET,
    )
