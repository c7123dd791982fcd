"""Who uses the Studio: somebody who is signed in, with a page of ours."""

from __future__ import annotations

import structlog

from rivya.http import Call, count_call
from rivya.keys.caller import Person
from rivya.keys.limits import limits_of
from rivya.keys.model import Limits
from rivya.kit.tracing import set_on_current
from rivya.web.csrf import check_csrf
from rivya.web.visitor import signed_in


async def reader(request: Call) -> Person:
    """Return who reads. Raises SignInFirst."""
    found = await signed_in(request)
    structlog.contextvars.bind_contextvars(account=found.account)
    set_on_current(rivya__account=found.account)
    limits = limits_of(request.app.state.settings)
    return Person(found.account, Limits(limits.account_requests_a_minute, limits.account_in_flight, None, None))


async def writer(request: Call) -> Person:
    """Return who changes something from a page of ours; count it. Raises SignInFirst, ForeignForm or RateLimited."""
    check_csrf(request, await signed_in(request))
    person = await reader(request)
    await count_call(request, person)
    return person
