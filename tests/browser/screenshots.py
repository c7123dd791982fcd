"""Every page at three widths, light and dark, into ./screenshots: `make screenshots`, for people to look at.

Not collected with the other tests: it is asked for by name.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.paths import OPERATOR, PUBLIC, SIGNED_IN
from tests.browser.site import Site

FOLDER = Path(__file__).parents[2] / "screenshots"
WIDTHS = (390, 1024, 1440)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("who", ["public", "signed-in", "operator"])
def test_pages(browser: Browser, site: Site, who: str, width: int, scheme: str) -> None:
    context = browser.new_context(
        base_url=site.base_url,
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
    )
    context.set_default_timeout(60_000)
    if who != "public":
        site.sign_in(context, site.person(operator=who == "operator"))
    page = context.new_page()
    for path in {"public": PUBLIC, "signed-in": SIGNED_IN, "operator": OPERATOR}[who]:
        page.goto(path, wait_until="load")
        name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")
        page.screenshot(path=FOLDER / f"{name}-{width}-{scheme}.png", full_page=True)
    context.close()
