"""Every page at three widths, light and dark, into ./screenshots: `make screenshots`, for people to look at.

Not collected with the other tests: it is asked for by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.furnished import furnish
from tests.browser.paths import MISSING, OPERATOR, PUBLIC, SIGNED_IN
from tests.browser.site import Person, Site

FOLDER = Path(__file__).parents[2] / "screenshots"
WIDTHS = (390, 1024, 1440)
_ID = re.compile(r"[a-z]+_[0-9a-z]{26}")


@dataclass(frozen=True)
class Looking:
    """Who looks, and at what."""

    person: Person | None
    paths: Sequence[str]


@pytest.fixture(scope="module")
def looking(site: Site) -> Mapping[str, Looking]:
    """A stranger, somebody who has not made anything yet, somebody who has, and an operator."""
    busy, operator = site.person(), site.person(operator=True)
    own = furnish(site, busy)
    return {
        "public": Looking(None, [*PUBLIC, MISSING]),
        "newcomer": Looking(site.person(credits=0), SIGNED_IN),
        "busy": Looking(busy, [*SIGNED_IN, *own]),
        "operator": Looking(operator, [*OPERATOR, f"/admin/accounts/{busy.account}"]),
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("who", ["public", "newcomer", "busy", "operator"])
def test_pages(browser: Browser, site: Site, looking: Mapping[str, Looking], who: str, width: int, scheme: str) -> None:
    context = browser.new_context(
        base_url=site.base_url,
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
    )
    context.set_default_timeout(60_000)
    if (person := looking[who].person) is not None:
        site.sign_in(context, person)
    page = context.new_page()
    for path in looking[who].paths:
        page.goto(path, wait_until="load")
        name = re.sub(r"[^a-z0-9]+", "-", _ID.sub("one", path.lower())).strip("-")
        page.screenshot(path=FOLDER / who / f"{name}-{width}-{scheme}.png", full_page=True)
    context.close()
