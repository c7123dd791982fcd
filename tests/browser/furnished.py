"""A person who has used Rivya for a while: works of the built-in models, a conversation, and keys in each state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from rivya.keys import service as keys
from rivya.kit.db import open_pool
from tests.browser.site import Person, Site, run

_LONG_S = 180.0
_WORKS = (
    {"model": "rivya-sketch", "prompt": "a lighthouse at sunset"},
    {
        "model": "rivya-sketch",
        "prompt": "a red kite over a green hill, with a long tail of ribbons in the evening wind",
        "params": {"aspect_ratio": "16:9"},
    },
    {"model": "rivya-motion", "prompt": "waves on a beach"},
    {"model": "rivya-music", "prompt": "a calm piano"},
)


def furnish(site: Site, who: Person) -> Sequence[str]:
    """Give somebody works, a conversation and keys; return the pages of them. Fails if a work does not succeed."""
    client = site.client(who)
    tasks = [client.generate(work).json["id"] for work in _WORKS]
    for task in tasks:
        assert client.ended(task, within_s=_LONG_S)["status"] == "succeeded"
    cancelled = client.generate(_WORKS[-1]).json["id"]
    client.post(f"/api/v1/generations/{cancelled}/cancel", {})
    said = client.post(
        "/api/v1/chat/completions", {"model": "rivya-mini-chat", "message": "Name three colours of the sea."}
    )
    run(_keys(site, who))
    return [
        *(f"/history/generations/{task}" for task in (tasks[0], tasks[-1])),
        f"/history/chats/{said.json['session_id']}",
    ]


async def _keys(site: Site, who: Person) -> None:
    async with open_pool(site.database_url, size=2) as pool:
        rotated = await keys.issue(pool, account=who.account, name="Web shop, production")
        await keys.rotate(pool, key=rotated.id, grace=timedelta(days=3))
        revoked = await keys.issue(pool, account=who.account, name="Old laptop")
        await keys.revoke(pool, key=revoked.id)
