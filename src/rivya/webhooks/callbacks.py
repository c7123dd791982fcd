"""/internal/callbacks/{provider}: a vendor says that something changed about work of ours.

What it says is not believed, only that there is something to hear: whoever watches the task asks the provider itself,
at once rather than at the next turn. Polling stays, so a callback that is lost or late costs time and nothing else.

A vendor is given the URL ``{base_url}/internal/callbacks/{provider}?work={id}`` with each submission, where ``id`` is
that of the attempt (``Work.id``): how vendors name work in their bodies differs, this does not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import structlog
from litestar import post

from rivya.errors import ApiKeyInvalid, NotFound, ValidationFailed
from rivya.http import Call, read_body
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool, load_queries
from rivya.kit.ids import is_id
from rivya.providers.routing import ProviderEntry
from rivya.webhooks.signing import BadSecret, BadSignature, verify

log = structlog.get_logger()

CHANNEL = "rivya_callbacks"
_SQL = load_queries("rivya.webhooks")


class Callbacks:
    """Hears the providers that call back. One an API process."""

    def __init__(self, pool: Pool, providers: Mapping[str, ProviderEntry]) -> None:
        self._pool = pool
        self._secrets = {
            name: secret
            for name, entry in providers.items()
            if entry.callback_secret_env is not None and (secret := os.environ.get(entry.callback_secret_env))
        }

    def check_known(self, provider: str) -> None:
        """Raises NotFound unless this provider may call back here."""
        self._secret(provider)

    async def hear(self, provider: str, *, work: str, headers: Mapping[str, str], body: bytes) -> None:
        """Wake whoever watches the task of this work. ``headers`` are named in lower case.

        Raises NotFound, ApiKeyInvalid when the signature is not the provider's, or ValidationFailed when what is
        signed is about no work.
        """
        try:
            verify(self._secret(provider), headers, body, now=utc_now())
        except (BadSignature, BadSecret) as error:
            log.warning("callback.refused", provider=provider, reason=str(error))
            raise ApiKeyInvalid("The signature is not right.") from None
        task, _, attempt = work.partition(".")
        if not is_id("task", task) or not attempt.isascii() or not attempt.isdigit():
            raise ValidationFailed("work must be the id that the work was submitted with.", param="work")
        await self._pool.execute(_SQL["call_back"], CHANNEL, f"{provider} {task}")

    def _secret(self, provider: str) -> str:
        if (secret := self._secrets.get(provider)) is None:
            raise NotFound("There is nothing at this path.")
        return secret


@post("/internal/callbacks/{provider:str}", status_code=204)
async def callback(request: Call, provider: str) -> None:
    """Hear a provider's callback."""
    callbacks: Callbacks = request.app.state.callbacks
    callbacks.check_known(provider)
    body = await read_body(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    await callbacks.hear(provider, work=request.query_params.get("work", ""), headers=headers, body=body)
