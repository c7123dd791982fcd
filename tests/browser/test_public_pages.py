"""The pages that anybody may see: accessible in both themes, within the policy, small, and still."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Response

from tests.browser.accessible import axe
from tests.browser.faults import Faults
from tests.browser.paths import MISSING, PUBLIC
from tests.browser.site import Site

OURS = [path for path in PUBLIC if path.startswith(("/docs", "/developers")) and path != "/developers/debugger"]
FIRST_VISIT_BYTES = 150_000
MOST_SHIFT = 0.005  # 0.1 is called good; the links at the head's right end take so much, if it arrives in two pieces
PHONE = {"width": 390, "height": 844}

_SHIFTS = """() => new Promise((resolve) => {
  let shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifted += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(shifted), 300);
})"""


@pytest.mark.parametrize("path", OURS)
def test_a_page_is_accessible_in_both_themes_and_fits_a_phone(page: Page, path: str) -> None:
    page.emulate_media(color_scheme="light")
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200
    assert axe(page) == []
    page.emulate_media(color_scheme="dark")
    assert axe(page) == []
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert axe(page) == []


@pytest.mark.parametrize("path", ["/developers", "/docs/api", "/docs/api/quickstart", "/docs/api/models"])
def test_a_first_visit_is_small_and_nothing_in_it_moves(page: Page, path: str) -> None:
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # a method of a list takes no handler
    page.goto(path, wait_until="networkidle")
    assert page.evaluate(_SHIFTS) < MOST_SHIFT
    sizes = [answer.request.sizes() for answer in answers]
    assert 0 < sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes) < FIRST_VISIT_BYTES


def test_a_second_visit_asks_for_the_page_alone(page: Page) -> None:
    page.goto("/docs/api", wait_until="networkidle")
    page.goto("/docs/api/quickstart", wait_until="networkidle")
    from_network = page.evaluate(
        "performance.getEntriesByType('resource').filter((one) => one.transferSize > 0).map((one) => one.name)"
    )
    assert from_network == []


def test_a_page_that_is_not_there_says_so_to_a_person_and_to_a_program(page: Page, site: Site, faults: Faults) -> None:
    with faults.expected("status of 404"):
        answer = page.goto(MISSING)
    assert answer is not None
    assert answer.status == 404
    assert page.get_by_role("heading", level=1).inner_text() == "There is nothing here"
    assert axe(page) == []
    told = page.request.get(MISSING, headers={"Accept": "application/json"})
    assert told.json()["error"]["code"] == "not_found"
    under_api = page.request.get("/api/v1/nothing", headers={"Accept": "text/html"})
    assert under_api.json()["error"]["code"] == "not_found"


def test_home_leads_a_stranger_to_the_landing_and_a_person_to_the_dashboard(page: Page, site: Site) -> None:
    page.goto("/")
    assert page.url == f"{site.base_url}/developers"
    site.sign_in(page.context, site.person())
    page.goto("/")
    assert page.url == f"{site.base_url}/dashboard"


def test_the_quickstarts_curl_is_copied_as_it_stands(page: Page) -> None:
    page.goto("/developers")
    page.locator(".quickstart").get_by_role("button", name="Copy code").click()
    page.get_by_text("Copied.").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("curl http://127.0.0.1:")
    assert '"model": "rivya-' in copied


def test_a_choice_of_theme_is_kept_from_page_to_page(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/developers")
    page.get_by_role("button", name="Change between light and dark").click()
    page.goto("/docs/api")
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_a_phone_has_the_menu_in_a_drawer_that_the_keyboard_closes(page: Page) -> None:
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    page.goto("/developers")
    page.get_by_role("button", name="Menu").click()
    drawer = page.get_by_role("dialog", name="Menu")
    assert drawer.is_visible()
    assert axe(page) == []
    page.keyboard.press("Escape")
    assert not drawer.is_visible()


def test_the_first_tab_skips_to_the_content(page: Page) -> None:
    page.goto("/docs/api")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
