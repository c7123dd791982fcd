"""An API process: uvicorn around the app, on a socket of its own or one it was handed."""

from __future__ import annotations

import asyncio
import socket

import uvicorn

from rivya.app import create_app
from rivya.installation import installation
from rivya.kit.garbage import leave_what_was_loaded
from rivya.protocol import BoundedHttp
from rivya.settings import Settings


def serve(settings: Settings, dsn: str, *, fd: int | None = None) -> None:
    """Serve until SIGTERM or SIGINT; requests in hand are answered first, for at most ten seconds."""
    stopping = asyncio.Event()
    config = uvicorn.Config(
        create_app(installation(settings), dsn, stopping=stopping),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=BoundedHttp,
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
        limit_concurrency=10_000,
        backlog=2048,
    )
    sockets = [socket.socket(fileno=fd)] if fd is not None else None
    _Server(config, stopping).run(sockets)


class _Server(uvicorn.Server):
    """Says when it begins to stop, or streams would keep it until its patience ends."""

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        leave_what_was_loaded()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping.set()
        await super().shutdown(sockets)
