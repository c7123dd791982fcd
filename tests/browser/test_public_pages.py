"""The pages that anybody may see."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.accessible import axe
from tests.browser.site import Site

PAGES = ["/developers"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_in_both_themes(page: Page, path: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200
    assert axe(page) == []


def test_the_console_is_for_who_is_signed_in(page: Page, site: Site) -> None:
    who = site.person()
    site.sign_in(page.context, who)
    page.goto("/developers")
    assert page.get_by_role("link", name="Dashboard").count() >= 1
