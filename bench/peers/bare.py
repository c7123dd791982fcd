"""The least that a relay can be: bytes in, bytes out, and nothing checked, counted or kept. Runs in .bench/bare."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route


async def relay(request: Request) -> Response:
    body = await request.body()
    answer = await request.app.state.session.post(os.environ["UPSTREAM"] + "/chat/completions", data=body)
    if answer.content_length is not None:
        return Response(await answer.read(), status_code=answer.status, media_type=answer.content_type)

    async def chunks() -> AsyncIterator[bytes]:
        try:
            async for chunk in answer.content.iter_any():
                yield chunk
        finally:
            answer.close()

    return StreamingResponse(chunks(), status_code=answer.status, media_type=answer.content_type)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    headers = {"Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as app.state.session:
        yield


app = Starlette(routes=[Route("/v1/chat/completions", relay, methods=["POST"])], lifespan=lifespan)
