"""Which provider is asked for which model, and in what order."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import msgspec

from rivya.kit.operator_error import OperatorError


class BadProviders(OperatorError):
    """The providers file cannot be used: the message says what was expected."""


class ProviderEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One provider. All but ``kind`` and ``callback_*`` is for ``openai``: any upstream that speaks chat completions at
    ``url``.

    ``key_env`` names the environment variable that holds its key. ``body`` is added to every request,
    ``thinking_body``, ``no_thinking_body`` and ``web_search_body`` to those that ask for it; one without
    ``web_search_body`` is not asked to search. ``callback_secret_env`` names the variable that
    holds the secret of a provider that calls back (webhooks/callbacks.py), and ``callback_scheme`` how it signs.
    ``max_tokens_field`` is what the upstream calls the longest answer. With ``stream_options`` off it is not asked to
    count: for one that refuses the field.
    """

    kind: Literal["engines", "scripted", "openai"]
    url: str | None = None
    key_env: str | None = None
    headers: dict[str, str] = {}
    body: dict[str, Any] = {}
    thinking_body: dict[str, Any] = {}
    no_thinking_body: dict[str, Any] = {}
    web_search_body: dict[str, Any] | None = None
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    stream_options: bool = True
    first_s: float = 60.0
    idle_s: float = 60.0
    callback_secret_env: str | None = None
    callback_scheme: Literal["standard-webhooks"] = "standard-webhooks"


class Route(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``tokenizer`` is a file, beside the providers file, that counts as the target does (providers/tokenizers.py)."""

    model: str
    provider: str
    target: str
    stand_in: bool = False
    tokenizer: str | None = None


class ProvidersFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    providers: dict[str, ProviderEntry]
    routes: list[Route] = []


def load(file: Path | None = None, *, with_scripted: bool = False) -> ProvidersFile:
    """Return the providers file: the given one, else the package's. Raises BadProviders."""
    text = (
        file.read_text("utf-8")
        if file is not None
        else resources.files("rivya.providers").joinpath("providers.toml").read_text("utf-8")
    )
    try:
        content: dict[str, Any] = tomllib.loads(text)
        loaded = msgspec.convert(content, ProvidersFile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadProviders(f"{file or 'providers.toml'}: {error}") from error
    if with_scripted:
        loaded = ProvidersFile(
            {"scripted": ProviderEntry("scripted"), **loaded.providers},
            [*loaded.routes, Route("scripted", "scripted", "scripted")],
        )
    for name, entry in loaded.providers.items():
        if (entry.kind == "openai") != (entry.url is not None):
            raise BadProviders(f"providers.{name}: url is for the kind openai, which needs it")
    for route in loaded.routes:
        if route.provider not in loaded.providers:
            raise BadProviders(f"routes: {route.model} names provider {route.provider!r}, which is not there")
    return loaded


class Routing:
    """The routes that are usable on this installation."""

    def __init__(
        self,
        routes: Sequence[Route],
        *,
        allow_stand_ins: bool,
        serves: Callable[[Route], bool],
    ) -> None:
        self._routes: Mapping[str, list[Route]] = _by_model(
            [route for route in routes if allow_stand_ins or not route.stand_in]
        )
        self._serves = serves

    def of(self, model: str) -> list[Route]:
        """Return the routes of a model that work now, the first to be asked first."""
        return [route for route in self._routes.get(model, ()) if self._serves(route)]

    def stands_in(self, model: str) -> bool:
        """Return True if what would answer for this model now is an engine that is not it."""
        routes = self.of(model)
        return bool(routes) and routes[0].stand_in

    def all(self) -> list[Route]:
        """Return every route, working now or not."""
        return [route for routes in self._routes.values() for route in routes]

    def to(self, provider: str, *, model: str) -> list[Route]:
        """Return a model's routes to one provider, working now or not: mostly one."""
        return [route for route in self._routes.get(model, ()) if route.provider == provider]


def name_of(route: Route) -> str:
    """Return what a route is called wherever it does not matter for which model it is taken."""
    return f"{route.provider}.{route.target}"


def entrypoint(route: Route) -> str:
    """Return the queue entrypoint of a route; jobs of one entrypoint share one limit across all workers."""
    return f"generate.{name_of(route)}"


def _by_model(routes: Sequence[Route]) -> dict[str, list[Route]]:
    grouped: dict[str, list[Route]] = {}
    for route in routes:
        grouped.setdefault(route.model, []).append(route)
    return grouped
