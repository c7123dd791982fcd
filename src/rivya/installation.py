"""What every process of an installation is made of: settings turned into the parts that work by them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rivya.catalog.model import Model
from rivya.catalog.reload import Catalog
from rivya.files.links import MediaLinks
from rivya.files.store import ObjectStore
from rivya.kit.ids import WorkerId
from rivya.providers import routing
from rivya.providers.base import Provider
from rivya.providers.chat import ChatProvider
from rivya.providers.circuit import Circuits, Limits
from rivya.providers.guarded_chat import GuardedChat
from rivya.providers.routing import ProvidersFile, Route, Routing
from rivya.providers.tokenizers import Tokenizers
from rivya.settings import Settings


@dataclass(frozen=True, slots=True)
class Installation:
    settings: Settings
    catalog: Catalog
    providers_file: ProvidersFile
    links: MediaLinks
    store: ObjectStore
    tokenizers: Tokenizers

    @property
    def models(self) -> Mapping[str, Model]:
        """The models that hold now, also after the operator's folder was read again."""
        return self.catalog.models

    def routing(self, serves: Callable[[Route], bool]) -> Routing:
        """Return the routes of this installation; ``serves`` says which of them work, each time that it is asked."""
        return Routing(self.providers_file.routes, allow_stand_ins=self.settings.allows_stand_ins, serves=serves)

    def circuits(self) -> Circuits:
        """Return circuits for the routes that one process asks, all closed."""
        return Circuits(Limits(self.settings.circuit_failures, self.settings.circuit_cool_down_s))


def installation(settings: Settings) -> Installation:
    """Read catalog and providers. Raises BadCatalog, BadProviders or MissingSecretKey."""
    providers_file = routing.load(settings.providers_file, with_scripted=settings.scripted_models)
    return Installation(
        settings=settings,
        catalog=Catalog(folder=settings.catalog_dir, with_scripted=settings.scripted_models),
        providers_file=providers_file,
        links=MediaLinks(base_url=settings.base_url, key=settings.signing_key(), lives_s=settings.media_link_s),
        store=ObjectStore(folder=_folder(settings), url=settings.object_store_url),
        tokenizers=Tokenizers(providers_file.routes, folder=(settings.providers_file or Path()).parent),
    )


def open_providers(installed: Installation, worker: WorkerId) -> dict[str, Provider]:
    """Return the providers that a worker calls, by name; each is to be closed."""
    providers: dict[str, Provider] = {}
    for name, entry in installed.providers_file.providers.items():
        match entry.kind:
            case "engines":
                from rivya.engines.host import EngineHost
                from rivya.providers.engines import Engines

                if (weights := installed.settings.mini_chat_gguf) is not None:
                    os.environ["RIVYA_MINI_CHAT_GGUF"] = str(weights)  # engines read it there
                folder = installed.settings.data_dir / "work" / worker
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                providers[name] = Engines(EngineHost(work_dir=folder), work_dir=folder)
            case "scripted":
                from rivya.providers.scripted import Scripted

                providers[name] = Scripted(installed.settings.scripted_journal)
            case "openai":
                pass  # answers in the processes that serve HTTP
    return providers


def open_chat_providers(installed: Installation) -> dict[str, ChatProvider]:
    """Return those who answer in text, by name: called from the processes that serve HTTP; each is to be closed."""
    providers: dict[str, ChatProvider] = {}
    circuits = installed.circuits()
    for name, entry in installed.providers_file.providers.items():
        if entry.kind == "engines":
            from rivya.engines.host import EngineHost
            from rivya.providers.engine_chat import EngineChat

            engines = EngineChat(EngineHost(work_dir=installed.settings.data_dir / "work" / "chat"))
            providers[name] = GuardedChat(engines, circuits)
        elif entry.url is not None:
            from rivya.providers.openai_chat import OpenAIChat, Upstream

            upstream = Upstream(
                name=name,
                url=entry.url,
                key=os.environ.get(entry.key_env) if entry.key_env is not None else None,
                headers=entry.headers,
                body=entry.body,
                thinking_body=entry.thinking_body,
                no_thinking_body=entry.no_thinking_body,
                web_search_body=entry.web_search_body,
                max_tokens_field=entry.max_tokens_field,
                stream_options=entry.stream_options,
                first_s=entry.first_s,
                idle_s=entry.idle_s,
            )
            providers[name] = GuardedChat(OpenAIChat(upstream), circuits)
    return providers


def answers_here(route: Route, providers: Mapping[str, ChatProvider]) -> bool:
    """Return True if one of this process's own chat providers can answer on the route now."""
    provider = providers.get(route.provider)
    return provider is not None and provider.serves(route.target)


def _folder(settings: Settings) -> Path | None:
    return None if settings.object_store_url is not None else settings.data_dir / "objects"
