"""Assembles the ASGI app of an API process: parts, lifespan, middleware, routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp

from rivya.accounts.letters import Letters
from rivya.accounts.mail import Mailer
from rivya.accounts.openid import file as openid_file
from rivya.accounts.openid.service import OpenID
from rivya.catalog.routes import router as models_router
from rivya.chat.images import Images
from rivya.chat.routes import router as chat_router
from rivya.chat.service import Chat
from rivya.errors import PublicError
from rivya.files.duration_token import DurationTokens
from rivya.files.fetching import Fetcher, outbound_for_references
from rivya.files.probe_process import Probers
from rivya.files.references import References
from rivya.files.routes import limits as upload_limits
from rivya.files.routes import media
from rivya.files.routes import router as files_router
from rivya.files.service import Files
from rivya.generations.routes import router as generations_router
from rivya.generations.service import Generations
from rivya.http import (
    RequestIds,
    answer_framework_error,
    answer_overloaded,
    answer_public_error,
    answer_unexpected,
)
from rivya.installation import Installation, answers_here, open_chat_providers
from rivya.keys.cache import KeyCache
from rivya.keys.last_use import LastUses
from rivya.keys.limits import limits_of
from rivya.keys.rates import RateLimits
from rivya.kit.background import keep_running
from rivya.kit.batch import Overloaded
from rivya.kit.db import open_pool, patiently
from rivya.kit.notify import NotifyHub
from rivya.kit.outbound import Outbound
from rivya.kit.tracing import stop_tracing
from rivya.methods import Options
from rivya.openapi.routes import openapi
from rivya.queue.served import ServedRoutes
from rivya.switches.follower import PublicApiSwitch
from rivya.switches.gate import Gate
from rivya.wallet.routes import router as credits_router
from rivya.web import site
from rivya.web.health import healthz, readyz
from rivya.web.metrics import prometheus
from rivya.web.policy import media_origin
from rivya.webhooks.callbacks import Callbacks, callback
from rivya.webhooks.endpoints import Endpoints
from rivya.webhooks.events import Events
from rivya.webhooks.replay import Deliveries
from rivya.webhooks.routes import events_router as webhook_events_router
from rivya.webhooks.routes import router as webhooks_router
from rivya.webhooks.sealed import Secrets
from rivya.webhooks.urls import webhook_policy

_DATABASE_WITHIN_S = 60.0


def create_app(installed: Installation, dsn: str, *, stopping: asyncio.Event | None = None) -> ASGIApp:
    """Return the app; it connects when it starts and lets go of everything when it stops.

    Once ``stopping`` is set its streams come to their ends. Raises BadOpenIDFile.
    """
    vouching = openid_file.load(installed.settings.openid_file)
    stopping = stopping or asyncio.Event()

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        settings = installed.settings
        async with open_pool(
            dsn, size=settings.database_connections, application_name="rivya api", wait_s=_DATABASE_WITHIN_S
        ) as pool:
            hub = NotifyHub(dsn)
            state = app.state
            state.settings = settings
            state.models = installed.models
            served = state.served = ServedRoutes(pool, hub, lease_s=settings.worker_lease_s)
            await patiently(served.refresh, for_s=_DATABASE_WITHIN_S)
            chat_providers = open_chat_providers(installed)
            routing = state.routing = installed.routing(
                lambda route: route in served or answers_here(route, chat_providers)
            )
            state.links = installed.links
            state.store = installed.store
            state.media_origin = await media_origin(installed.store, settings)
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
            state.upload_limits = upload_limits(installed.models)
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
                routing=routing,
                references=References(links=installed.links, tokens=tokens, find=state.files.find, fetch=fetcher.fetch),
            )
            webhook_secrets = Secrets.of(settings)
            webhook_urls = Outbound(webhook_policy(allow_private=settings.webhooks_allow_private))
            state.webhook_endpoints = Endpoints(
                pool, secrets=webhook_secrets, outbound=webhook_urls, most=settings.webhooks_most_endpoints
            )
            state.webhook_deliveries = Deliveries(pool, secrets=webhook_secrets)
            state.callbacks = Callbacks(pool, installed.providers_file.providers)
            state.webhook_events = Events(pool, installed.links)
            switch = state.public_api = PublicApiSwitch(pool, hub)
            await patiently(switch.refresh, for_s=_DATABASE_WITHIN_S)
            chat = state.chat = Chat(
                pool,
                models=installed.models,
                routing=routing,
                providers=chat_providers,
                images=Images(installed.store, find=state.files.find),
                tokenizers=installed.tokenizers,
            )
            state.stopping = stopping
            letters = state.letters = Letters(pool, Mailer(settings), base_url=settings.base_url)
            openid_sign_in = state.openid = OpenID(
                pool, vouching, base_url=settings.base_url, may_sign_up=settings.sign_up == "open"
            )
            background = [
                asyncio.create_task(_stop_in_time(chat, stopping)),
                asyncio.create_task(keep_running(chat.turns.run)),
                asyncio.create_task(keep_running(hub.run)),
                asyncio.create_task(keep_running(installed.catalog.watch)),
                asyncio.create_task(keep_running(switch.follow)),
                asyncio.create_task(keep_running(served.follow)),
                asyncio.create_task(keep_running(last_uses.run)),
                asyncio.create_task(keep_running(letters.run)),
            ]
            yield
            stopping.set()
            await chat.close()
            await outbound.close()
            await webhook_urls.close()
            await openid_sign_in.close()
            await probers.close()
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await last_uses.write()
            await asyncio.to_thread(stop_tracing)

    app = Litestar(
        route_handlers=[
            chat_router,
            credits_router,
            models_router,
            files_router,
            generations_router,
            webhooks_router,
            webhook_events_router,
            openapi,
            callback,
            media,
            healthz,
            readyz,
            prometheus,
            *site.ROUTERS,
        ],
        lifespan=[lifespan],
        exception_handlers={
            PublicError: answer_public_error,
            HTTPException: answer_framework_error,
            Overloaded: answer_overloaded,
            Exception: answer_unexpected,
            **site.ANSWERS,
        },
        openapi_config=None,
        logging_config=None,
    )
    return RequestIds(Gate(Options(app), app.state))


async def _stop_in_time(chat: Chat, stopping: asyncio.Event) -> None:
    await stopping.wait()
    await chat.stop()
