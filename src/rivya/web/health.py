"""/healthz: this process lives. /readyz: it can do its work."""

from __future__ import annotations

import asyncio

import asyncpg
from litestar import Response, get

from rivya.http import Call
from rivya.kit.db import CONNECTION_LOST, Pool


@get("/healthz")
async def healthz() -> Response[bytes]:
    """Answer as long as the process runs."""
    return Response(b'{"status":"ok"}', media_type="application/json")


@get("/readyz")
async def readyz(request: Call) -> Response[bytes]:
    """Answer 200 when the database answers and a worker has been heard of lately, else 503 and what is missing."""
    pool: Pool = request.app.state.pool
    lease_s: float = request.app.state.settings.worker_lease_s
    try:
        working = await asyncio.wait_for(
            pool.fetchval(
                "select exists (select from workers where heartbeat_at > now() - make_interval(secs => $1))", lease_s
            ),
            5,
        )
    except (*CONNECTION_LOST, TimeoutError, asyncpg.PostgresError):
        return Response(b'{"status":"no database"}', status_code=503, media_type="application/json")
    if not working:
        return Response(b'{"status":"no worker"}', status_code=503, media_type="application/json")
    return Response(b'{"status":"ok"}', media_type="application/json")
