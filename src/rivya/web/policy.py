"""What a browser may do with a page: the headers of every page."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import structlog

from rivya.files.store import ObjectStore
from rivya.http import Call
from rivya.settings import Settings

log = structlog.get_logger()


def page_headers(request: Call, *, private: bool) -> dict[str, str]:
    """Return the headers of a page; one of somebody signed in is ``private``: nothing keeps it."""
    return {
        "Content-Security-Policy": content_security_policy(media=request.app.state.media_origin),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store" if private else "private, no-cache",
        "Vary": "Accept-Encoding, Cookie",
    }


def content_security_policy(*, media: str | None) -> str:
    """Return the policy: everything from here, no inline script or style; media also from the store's own origin."""
    also = f" {media}" if media else ""
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; "
        f"img-src 'self' blob: data:{also}; media-src 'self' blob: data:{also}; connect-src 'self'{also}; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


async def media_origin(store: ObjectStore, settings: Settings) -> str | None:
    """Return the origin to which media links lead on; None when media pass through here."""
    if not settings.media_redirect:
        return None
    try:
        url = await store.signed_url("origin", lives=timedelta(minutes=1))
    except OSError as error:
        log.warning("web.no_store_origin", error=str(error))
        return None
    if url is None:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
