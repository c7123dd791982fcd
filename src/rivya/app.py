"""Assembles the ASGI app of an API process: parts, lifespan, middleware, routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar
from litestar.exceptions import HTTPException, InternalServerException
from litestar.static_files import create_static_files_router  # pyright: ignore[reportUnknownVariableType]
from litestar.types import ASGIApp

from rivya.catalog.routes import router as models_router
from rivya.chat.images import Images
from rivya.chat.routes import router as chat_router
from rivya.chat.service import Chat
from rivya.errors import PublicError
from rivya.files.duration_token import DurationTokens
from rivya.files.fetching import Fetcher, outbound_for_references
from rivya.files.probe_process import Probers
from rivya.files.references import References
from rivya.files.routes import media
from rivya.files.routes import router as files_router
from rivya.files.service import Files
from rivya.generations.routes import router as generations_router
from rivya.generations.service import Generations
from rivya.http import (
    RequestIds,
    answer_framework_error,
    answer_no_such_path,
    answer_overloaded,
    answer_public_error,
    answer_unexpected,
)
from rivya.installation import Installation, open_chat_providers
from rivya.keys.cache import KeyCache
from rivya.keys.last_use import LastUses
from rivya.keys.limits import limits_of
from rivya.keys.rates import RateLimits
from rivya.kit.batch import Overloaded
from rivya.kit.db import open_pool
from rivya.kit.notify import NotifyHub
from rivya.methods import Options
from rivya.openapi.routes import openapi
from rivya.switches.follower import PublicApiSwitch
from rivya.switches.gate import Gate
from rivya.wallet.routes import router as credits_router
from rivya.web.health import healthz, readyz
from rivya.web.home import home

_STATIC = Path(__file__).parent / "web" / "static"


def create_app(installed: Installation, dsn: str) -> ASGIApp:
    """Return the app; it connects when it starts and lets go of everything when it stops."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        settings = installed.settings
        async with open_pool(dsn, size=settings.database_connections, application_name="rivya api") as pool:
            hub = NotifyHub(dsn)
            state = app.state
            state.settings = settings
            state.models = installed.models
            state.routing = installed.routing
            state.links = installed.links
            state.store = installed.store
            state.pool = pool
            state.key_cache = KeyCache(pool, hub, limits=limits_of(settings))
            state.rates = RateLimits(pool)
            last_uses = state.last_uses = LastUses(pool)
            tokens = DurationTokens(settings.signing_key())
            probers = Probers()
            state.files = Files(
                pool,
                store=installed.store,
                links=installed.links,
                tokens=tokens,
                probers=probers,
                folder=settings.data_dir / "uploads",
                keep_days=settings.media_retention_days,
            )
            outbound = outbound_for_references(allow_private=settings.references_allow_private)
            fetcher = Fetcher(
                pool,
                outbound=outbound,
                store=installed.store,
                probers=probers,
                folder=settings.data_dir / "uploads",
                keep_days=settings.media_retention_days,
            )
            state.generations = Generations(
                pool,
                hub,
                models=installed.models,
                routing=installed.routing,
                references=References(links=installed.links, tokens=tokens, find=state.files.find, fetch=fetcher.fetch),
            )
            switch = state.public_api = PublicApiSwitch(pool, hub)
            await switch.refresh()
            chat = state.chat = Chat(
                pool,
                models=installed.models,
                routing=installed.routing,
                providers=open_chat_providers(installed),
                images=Images(installed.store, find=state.files.find),
            )
            background = [
                asyncio.create_task(chat.turns.run()),
                asyncio.create_task(hub.run()),
                asyncio.create_task(installed.catalog.watch()),
                asyncio.create_task(switch.follow()),
                asyncio.create_task(last_uses.run()),
            ]
            yield
            await chat.close()
            await outbound.close()
            await probers.close()
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await last_uses.write()

    app = Litestar(
        route_handlers=[
            chat_router,
            credits_router,
            models_router,
            files_router,
            generations_router,
            openapi,
            media,
            healthz,
            readyz,
            home,
            create_static_files_router(
                path="/static",
                directories=[_STATIC],
                exception_handlers={InternalServerException: answer_no_such_path, ValueError: answer_no_such_path},
            ),
        ],
        lifespan=[lifespan],
        exception_handlers={
            PublicError: answer_public_error,
            HTTPException: answer_framework_error,
            Overloaded: answer_overloaded,
            Exception: answer_unexpected,
        },
        openapi_config=None,
        logging_config=None,
    )
    return RequestIds(Gate(Options(app), app.state))
