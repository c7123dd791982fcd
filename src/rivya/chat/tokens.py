"""Counting and pricing tokens: what a turn may cost at most, and what it costs.

Upstreams count their own tokens, and that count is charged. Where one sends none (an old server, a connection that was
cut, a process that died) the model's tokenizer counts, if the operator has given it, and else the count is an estimate:
one token for every four bytes of UTF-8, rounded up. For English that is what byte-pair tokenizers come to; for other
scripts it is low, which is to the customer's favour. Either way four more are what frames each message asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from rivya.catalog.model import Model, TokenRates
from rivya.catalog.price import exact

_BYTES = 4
_FRAME = 4
_MOST_FRAME = 16
IMAGE_TOKENS = 2000
"""What a picture counts as, at most: vendors' own figures for large pictures lie between 250 and 1,900."""
_exact = lru_cache(maxsize=1024)(exact)


class TokenPrice(msgspec.Struct, frozen=True):
    """What the tokens of a turn cost, as promised when it began."""

    base_credits: int
    size: int
    output_factor: str

    def credits(self, *, input_tokens: int, output_tokens: int) -> int:
        """Return the whole credits for these tokens, rounded up, at least 1."""
        factor = _exact(self.output_factor)  # whole numbers from here: fractions are slow
        tokens = input_tokens * factor.denominator + output_tokens * factor.numerator
        return max(1, -(-self.base_credits * tokens // (self.size * factor.denominator)))


def price_of(model: Model) -> TokenPrice:
    """Return what the model's tokens cost now."""
    rates = model.tokens or TokenRates()
    return TokenPrice(model.base_credits, rates.size, str(rates.output_factor))


def estimated(text: str) -> int:
    """Return about how many tokens a text has."""
    return -(-len(text.encode()) // _BYTES)


def estimated_input(texts: Iterable[str], *, images: int = 0) -> int:
    """Return about how many tokens the messages and their pictures have."""
    return framed(map(estimated, texts), images=images)


def framed(counts: Iterable[int], *, images: int = 0) -> int:
    """Return how many tokens messages have whose texts have so many, with their frames and about what pictures are."""
    return sum(count + _FRAME for count in counts) + images * IMAGE_TOKENS // 2


def most_input(texts: Iterable[str], *, images: int = 0) -> int:
    """Return more tokens than the messages can have: no tokenizer in use makes more than one of a byte."""
    return sum(len(text.encode()) + _MOST_FRAME for text in texts) + images * IMAGE_TOKENS
