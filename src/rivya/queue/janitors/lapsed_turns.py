"""End the chat turns whose process died, so that no reservation stays open."""

from __future__ import annotations

from rivya.chat.lapse import end_lapsed
from rivya.chat.turns import Turns
from rivya.queue.janitors import Janitor, Tools


async def sweep(tools: Tools) -> int:
    return await end_lapsed(Turns(tools.pool), tools.tokenizers)


JANITOR = Janitor("lapsed_turns", 5.0, sweep)
