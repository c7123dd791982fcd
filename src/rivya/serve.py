"""An API process: uvicorn around the app, on a socket of its own or one it was handed."""

from __future__ import annotations

import socket

import uvicorn

from rivya.app import create_app
from rivya.installation import installation
from rivya.protocol import BoundedHttp
from rivya.settings import Settings


def serve(settings: Settings, dsn: str, *, fd: int | None = None) -> None:
    """Serve until SIGTERM or SIGINT; requests in hand are answered first, for at most ten seconds."""
    config = uvicorn.Config(
        create_app(installation(settings), dsn),
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
    uvicorn.Server(config).run(sockets)
