"""GET /metrics: what an operator's Prometheus reads."""

from __future__ import annotations

import asyncio
import hmac

from litestar import Response, get

from rivya import metrics
from rivya.admin.figures import figures
from rivya.errors import ApiKeyInvalid, ApiKeyMissing, NotFound
from rivya.http import Call, bearer
from rivya.settings import Settings


@get("/metrics")
async def prometheus(request: Call) -> Response[bytes]:
    """Answer with all figures, to whoever sends ``RIVYA_METRICS_TOKEN`` as a bearer token; 404 where none is set."""
    settings: Settings = request.app.state.settings
    if settings.metrics_token is None:
        raise NotFound
    token = bearer(request)
    if token is None:
        raise ApiKeyMissing("Send the metrics token as `Authorization: Bearer ...`.")
    if not hmac.compare_digest(token.encode(), settings.metrics_token.get_secret_value().encode()):
        raise ApiKeyInvalid("This is not the metrics token.")
    found = await figures(request.app.state.pool, lease_s=settings.worker_lease_s)
    body, content_type = await asyncio.to_thread(metrics.exposition, found, accept=request.headers.get("accept", ""))
    return Response(body, headers={"Content-Type": content_type, "Cache-Control": "no-store"})
