"""What every page of the documentation has around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response

from rivya.http import Call
from rivya.keys import service as keys
from rivya.kit.clock import utc_now
from rivya.web.docs.library import GROUPS, Page, neighbours
from rivya.web.docs.markdown import Heading
from rivya.web.page import render
from rivya.web.visitor import Visitor, visitor


async def render_docs(
    request: Call, template: str, *, page: Page | None, headings: Sequence[Heading], **values: Any
) -> Response[str]:
    """Return a page of the documentation; ``page`` is where it stands among the others, None for nowhere."""
    who = await visitor(request)
    before, after = neighbours(page) if page is not None else (None, None)
    return await render(
        request,
        template,
        visitor=who,
        groups=GROUPS,
        page=page,
        headings=headings,
        before=before,
        after=after,
        key_prefix=await _key_prefix(request, who),
        **values,
    )


async def _key_prefix(request: Call, who: Visitor | None) -> str | None:
    """Return the beginning of the reader's newest active key."""
    if who is None:
        return None
    now = utc_now()
    known = await keys.list_keys(request.app.state.pool, account=who.account, at=now)
    return next((key.prefix for key in known if key.state(now) == "active"), None)
