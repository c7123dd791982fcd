"""What a form would cost as it stands, also while it is not complete."""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec

from rivya.catalog.model import Model
from rivya.catalog.price import factors, total
from rivya.catalog.validate import expected, fits
from rivya.errors import PublicError, ValidationFailed
from rivya.generations.schemas import CreateGeneration
from rivya.generations.service import Generations
from rivya.kit.db import Pool
from rivya.kit.ids import AccountId
from rivya.wallet import service as wallet

_STEP = re.compile(r"[^.\[\]]+")


class Problem(msgspec.Struct, frozen=True):
    """Why there is no price; ``param`` names the field that it is about."""

    message: str
    param: str | None


class Quote(msgspec.Struct, frozen=True):
    """The answer to a question for a price. What is wrong with the form is part of it: nothing was refused."""

    credits: int | None
    """What would be set aside; the least that it can be while what it depends on is not ``complete``."""
    complete: bool
    available: int
    """What the wallet holds."""
    problem: Problem | None = None


async def quote(
    service: Generations, pool: Pool, asked: CreateGeneration, *, model: Model, account: AccountId
) -> Quote:
    """Return what ``create`` would set aside. What is still missing counts as nothing; what is wrong is a problem."""
    balance = await wallet.balance(pool, account=account)
    try:
        estimate = await service.estimate(asked, account=account)
    except ValidationFailed as error:
        if error.param is None or not is_missing(asked, error.param):
            return not_priced(error, available=balance.available)
        if (wrong := _wrong_value(asked, model)) is not None:
            return not_priced(wrong, available=balance.available)
        # What is missing may only change the price of a model that is paid by the length of something.
        return Quote(_least(asked, model), complete=model.meter is None, available=balance.available)
    return Quote(estimate.estimated_credits, complete=True, available=balance.available)


def not_priced(error: PublicError, *, available: int) -> Quote:
    """Return the quote for what would be refused with this error."""
    return Quote(None, complete=False, available=available, problem=Problem(error.message, error.param))


def is_missing(asked: CreateGeneration, path: str) -> bool:
    """Return True if a request has nothing at a path such as ``params.dialogue[0].text``."""
    value: Any = {"prompt": asked.prompt, "params": asked.params}
    for name in _STEP.findall(path):
        if isinstance(value, dict):
            value = cast("dict[str, Any]", value).get(name)
        elif isinstance(value, list) and name.isdigit():
            entries = cast("list[Any]", value)
            value = entries[int(name)] if int(name) < len(entries) else None
        else:
            return False
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _wrong_value(asked: CreateGeneration, model: Model) -> ValidationFailed | None:
    """Return what is wrong with the first value that is there and will not do."""
    for param in model.params:
        value, path = asked.params.get(param.key), f"params.{param.key}"
        if param.type != "array" and not is_missing(asked, path) and not fits(param, value):
            return ValidationFailed(f"{path} must be {expected(param)}.", param=path)
    return None


def _least(asked: CreateGeneration, model: Model) -> int:
    chosen = {param.key: asked.params.get(param.key, param.default) for param in model.params if param.type != "array"}
    params = {param.key: chosen[param.key] for param in model.params if fits(param, chosen.get(param.key))}
    return total(factors(model, prompt=asked.prompt or "", params=params))
