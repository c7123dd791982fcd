"""/healthz: this process lives. /readyz: it can do its work."""

from __future__ import annotations

import asyncio

from litestar import Response, get

from rivya.http import Call
from rivya.queue.served import UNREAD, ServedRoutes


@get("/healthz")
async def healthz() -> Response[bytes]:
    """Answer as long as the process runs."""
    return Response(b'{"status":"ok"}', media_type="application/json")


@get("/readyz")
async def readyz(request: Call) -> Response[bytes]:
    """Answer 200 when the database answers and a worker has been heard of lately, else 503 and what is missing.

    What the workers serve can be called as soon as this has been answered with 200.
    """
    served: ServedRoutes = request.app.state.served
    try:
        working = await asyncio.wait_for(served.refresh(), 5)
    except UNREAD:
        return Response(b'{"status":"no database"}', status_code=503, media_type="application/json")
    if not working:
        return Response(b'{"status":"no worker"}', status_code=503, media_type="application/json")
    return Response(b'{"status":"ok"}', media_type="application/json")
