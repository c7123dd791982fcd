"""The models that the Studio offers, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rivya.catalog.model import Category, Model
from rivya.catalog.rates import TokenRates
from rivya.providers.routing import Routing


@dataclass(frozen=True, slots=True)
class Offer:
    """A model, and whether it can be run now; ``stands_in`` says that what would answer is another engine."""

    model: Model
    available: bool
    stands_in: bool

    @property
    def price(self) -> str:
        """What it costs at least, in words."""
        base = f"{self.model.base_credits:,} credit{'' if self.model.base_credits == 1 else 's'}"
        if self.model.meter is not None:
            unit = "s" if self.model.meter.unit == "seconds" else " characters"
            return f"{base} per {self.model.meter.size:,}{unit}"
        if self.model.billing_type == "TOKEN_BASED":
            return f"{base} per {(self.model.tokens or TokenRates()).size:,} tokens"
        return base if not self.model.multipliers and not self.model.scales else f"about {base}"


def offers(models: Mapping[str, Model], routing: Routing, category: Category) -> Sequence[Offer]:
    """Return the category's models: those that run now first, the models themselves before what stands in, and those
    that can begin from nothing before those that change what there is.
    """
    found = [
        Offer(model, available=bool(routing.of(model.id)), stands_in=routing.stands_in(model.id))
        for model in models.values()
        if model.category == category
    ]
    return sorted(
        found,
        key=lambda one: (not one.available, one.stands_in, _needs_file(one.model), one.model.display_name.lower()),
    )


def _needs_file(model: Model) -> bool:
    return model.reference_media is not None and model.reference_media.min_files > 0


def chosen(found: Sequence[Offer], model: str | None) -> Offer | None:
    """Return the offer of this model, else the first; None if there is none at all."""
    return next((one for one in found if one.model.id == model), found[0] if found else None)
