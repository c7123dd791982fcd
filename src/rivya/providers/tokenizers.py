"""The tokenizers of models, as far as the operator has them: for upstreams that do not count, or were cut short."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from rivya.providers.routing import BadProviders, Route

if TYPE_CHECKING:
    from tokenizers import Tokenizer

log = structlog.get_logger()


class Tokenizers:
    """One for each model with a route that names a file in the format of Hugging Face (``tokenizer.json``)."""

    def __init__(self, routes: Iterable[Route], *, folder: Path) -> None:
        """Paths are relative to ``folder``. Raises BadProviders for a file that cannot be read, or two for a model."""
        files: dict[str, Path] = {}
        for route in routes:
            if route.tokenizer is not None:
                file = folder / route.tokenizer
                if files.setdefault(route.model, file) != file:
                    raise BadProviders(f"routes: {route.model} has two tokenizers: name the same one, or one of them")
        read = {file: _read(file) for file in set(files.values())}
        self._of = {model: read[file] for model, file in files.items()}

    async def count(self, model: str, texts: Sequence[str]) -> list[int] | None:
        """Return how many tokens each text has; None if the model's tokenizer is not known, or fails.

        What frames a message is not counted. Long texts take a while, so another thread does it.
        """
        tokenizer = self._of.get(model)
        return None if tokenizer is None else await asyncio.to_thread(_count, tokenizer, texts)


def _count(tokenizer: Tokenizer, texts: Sequence[str]) -> list[int] | None:
    try:
        return [len(encoded.ids) for encoded in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
    except BaseException:  # a panic in the library is no Exception; whatever it is, the turn has to end
        log.exception("chat.tokenizer_failed")
        return None


def _read(file: Path) -> Tokenizer:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise BadProviders("routes: a tokenizer needs the package tokenizers: install rivya[engines]") from error
    try:
        tokenizer = Tokenizer.from_str(file.read_text("utf-8"))
    except Exception as error:  # the library raises bare ones, with what it found in the file
        raise BadProviders(f"routes: tokenizer {file}: {error}") from error
    # Files say how their model was trained: cut at a length, filled up to one. Either would count wrongly.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
