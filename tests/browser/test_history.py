"""Dashboard, history and notifications, as somebody goes through them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.accessible import axe
from tests.browser.site import Person, Site

PATHS = ["/dashboard", "/history/generations", "/history/chats", "/notifications"]


@pytest.fixture(scope="module")
def busy(site: Site) -> Person:
    """Somebody who has made something, talked, and been told something."""
    who = site.person(credits=500)
    client = site.client(who)
    task = client.generate({"model": "rivya-sketch", "prompt": "A windmill at noon", "params": {}}).json["id"]
    assert client.ended(task, within_s=60)["status"] == "succeeded"
    said = client.post("/api/v1/chat/completions", {"model": "rivya-mini-chat", "message": "What is a windmill?"})
    assert said.status == 200
    return who


@pytest.fixture
def signed_in(page: Page, site: Site, busy: Person) -> Page:
    site.sign_in(page.context, busy)
    return page


def test_a_generation_is_found_from_the_dashboard_and_seen_whole(signed_in: Page) -> None:
    page = signed_in
    page.goto("/dashboard")
    page.get_by_role("link", name="A windmill at noon").click()
    page.get_by_role("heading", name="Rivya Sketch").wait_for()
    image = page.get_by_role("img", name="Result 1 of Rivya Sketch")
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download result 1").click()
    assert downloading.value.suggested_filename.endswith(".png")


def test_filters_narrow_the_list_and_are_cleared(signed_in: Page) -> None:
    page = signed_in
    page.goto("/history/generations")
    page.get_by_label("Prompt or task id").fill("windmill")
    page.get_by_label("Source").select_option("API")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**q=windmill*")
    assert page.get_by_role("link", name="Rivya Sketch").count() == 1
    page.get_by_label("Source").select_option("Studio")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("heading", name="Nothing matches").wait_for()
    page.get_by_role("link", name="Clear the filter").click()
    page.wait_for_url("**/history/generations")
    assert page.get_by_role("link", name="Rivya Sketch").count() == 1


def test_a_chat_is_read_and_deleted(page: Page, site: Site) -> None:
    who = site.person(credits=100)
    said = site.client(who).post(
        "/api/v1/chat/completions", {"model": "rivya-mini-chat", "message": "Say <b>hello</b>."}
    )
    site.sign_in(page.context, who)
    page.goto("/history/chats")
    page.get_by_role("link", name="Say <b>hello</b>.").click()
    page.get_by_role("heading", name="Say <b>hello</b>.").wait_for()
    assert said.json["message"]["content"].split()[0] in page.inner_text("main")
    assert axe(page) == []
    page.get_by_text("Delete this chat").click()
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_role("heading", name="No chats yet").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_pages_fit_and_are_accessible(signed_in: Page, width: int, scheme: str) -> None:
    page = signed_in
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    for path in PATHS:
        page.goto(path)
        assert axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
    page.goto("/history/generations")
    page.get_by_role("link", name="Rivya Sketch").click()
    page.get_by_role("heading", name="Trace").wait_for()
    assert axe(page) == []
