"""The least that a relay can be: bytes in, bytes out, and nothing checked, counted or kept. Runs in .bench/bare.

With DATABASE it is the least that a relay of paid streams can be: it commits one row before it asks, and the row's end
before the last byte, each by itself; who called, what it costs and what was said it does not know.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

Pool = asyncpg.Pool

_TABLE = """create table if not exists relayed (
    id       bigint generated always as identity primary key,
    begun_at timestamptz not null default now(),
    ended_at timestamptz
)"""


async def relay(request: Request) -> Response:
    body = await request.body()
    turn = await begin(request.app.state.pool)
    answer = await request.app.state.session.post(os.environ["UPSTREAM"] + "/chat/completions", data=body)
    if answer.content_length is not None:
        await end(request.app.state.pool, turn)
        return Response(await answer.read(), status_code=answer.status, media_type=answer.content_type)

    async def chunks() -> AsyncIterator[bytes]:
        try:
            async for chunk in answer.content.iter_any():
                yield chunk
            await end(request.app.state.pool, turn)
        finally:
            answer.close()

    return StreamingResponse(chunks(), status_code=answer.status, media_type=answer.content_type)


async def begin(pool: Pool | None) -> int:
    return await pool.fetchval("insert into relayed default values returning id") if pool is not None else 0


async def end(pool: Pool | None, turn: int) -> None:
    if pool is not None:
        await pool.execute("update relayed set ended_at = now() where id = $1", turn)


async def as_it_is(_connection: object) -> None:
    """Nothing changes a session here, so there is nothing to reset; to do so is a round trip for every use."""


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    headers = {"Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(limit=0)
    database = os.environ.get("DATABASE")
    async with aiohttp.ClientSession(headers=headers, connector=connector) as app.state.session:
        app.state.pool = await asyncpg.create_pool(database, reset=as_it_is) if database else None
        if app.state.pool is not None:
            await app.state.pool.execute(_TABLE)
        yield


app = Starlette(routes=[Route("/v1/chat/completions", relay, methods=["POST"])], lifespan=lifespan)
