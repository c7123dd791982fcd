"""Every operation of the public API, from the routes themselves: a new one is in every table without being added."""

from __future__ import annotations

from litestar import Litestar

from rivya.catalog.routes import router as models
from rivya.chat.routes import router as chat
from rivya.files.routes import router as files
from rivya.generations.routes import router as generations
from rivya.openapi.operations import Endpoint, endpoints
from rivya.wallet.routes import router as credits
from rivya.webhooks.routes import events_router as webhook_events
from rivya.webhooks.routes import router as webhooks

_ROUTERS = [models, generations, files, credits, chat, webhooks, webhook_events]

ENDPOINTS = endpoints(Litestar(_ROUTERS, openapi_config=None).routes)

MISSING = {
    "task_id": "task_00000000000000000000000000",
    "file_id": "file_00000000000000000000000000",
    "session_id": "chat_00000000000000000000000000",
    "endpoint_id": "whend_00000000000000000000000000",
    "delivery_id": "whdel_00000000000000000000000000",
    "event_id": "evt_00000000000000000000000000",
    "model_id": "nobody",
}
"""Ids that are well formed, and nobody's."""


def name_of(endpoint: Endpoint) -> str:
    return f"{endpoint.method.upper()} {endpoint.path}"


def path_of(endpoint: Endpoint, ids: dict[str, str] = MISSING) -> str:
    return endpoint.path.format(**ids)
