"""Tell accounts what they should know: credits that lapse soon or run low, tasks of the Studio that failed."""

from __future__ import annotations

from rivya.notifications.service import forget_old
from rivya.notifications.watching import tell_of_expiring, tell_of_failed, tell_of_low_balance
from rivya.queue.janitors import Janitor, Tools


async def sweep(tools: Tools) -> int:
    return sum([await look(tools.pool) for look in (tell_of_failed, tell_of_expiring, tell_of_low_balance, forget_old)])


JANITOR = Janitor("notices", 120.0, sweep)
