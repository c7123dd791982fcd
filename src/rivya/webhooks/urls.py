"""Where webhooks may go: judged when an endpoint is made, and again by the same client at every delivery."""

from __future__ import annotations

import structlog

from rivya.errors import WebhookUrlRejected
from rivya.kit.outbound import Outbound, OutboundError, Policy, Refused

log = structlog.get_logger()

_PUBLIC = Policy(fragments=False)
_DEVELOPMENT = Policy(allow_private=True, schemes=("https", "http"), fragments=False)


def webhook_policy(*, allow_private: bool) -> Policy:
    """Return where webhooks may go; ``allow_private`` opens it to everything, for development, and says so."""
    if allow_private:
        log.warning("webhooks.private_addresses_allowed", advice="never where others may call this API")
    return _DEVELOPMENT if allow_private else _PUBLIC


async def check_url(outbound: Outbound, url: str) -> None:
    """Check an endpoint's URL, its host's addresses too. Raises WebhookUrlRejected, which says what it must be.

    A host that is not there and one that is not public are the same to whoever asks: nothing tells what is in the
    network that we stand in.
    """
    try:
        await outbound.check(url)
    except Refused as error:
        raise WebhookUrlRejected(f"url {error.reason}.", param="url") from None
    except OutboundError as error:
        log.info("webhook.url_rejected", error=type(error).__name__, detail=str(error))
        raise WebhookUrlRejected("url must name a public host that can be found.", param="url") from None
