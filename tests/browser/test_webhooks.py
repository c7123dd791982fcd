"""A webhook, as its owner makes and watches it."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from standardwebhooks import Webhook

from tests.browser.accessible import axe
from tests.browser.site import Site
from tests.running import eventually
from tests.webhooks.receiver import receiving_beside


def test_a_webhook_is_made_tested_seen_delivered_and_sent_again(page: Page, site: Site) -> None:
    with receiving_beside() as receiver:
        site.sign_in(page.context, site.person())
        page.goto("/settings/webhooks")
        page.get_by_label("Name").fill("Shop")
        page.get_by_label("URL").fill(receiver.url("/hook"))
        page.get_by_role("button", name="Add endpoint").click()
        secret = page.get_by_role("textbox", name="Signing secret").input_value()
        page.get_by_role("link", name="Shop").click()
        assert axe(page) == []

        with page.expect_navigation():
            page.get_by_role("button", name="Send a test").click()
        heard = eventually(lambda: receiver.at("/hook"))[0]
        Webhook(secret).verify(heard.body, heard.headers)
        _until(page, "succeeded")
        assert axe(page) == []

        with page.expect_navigation():
            page.get_by_role("button", name="Redeliver").click()
        eventually(lambda: len(receiver.at("/hook")) == 2)
        assert len({one.id for one in receiver.at("/hook")}) == 1
        _until(page, "succeeded")

        page.get_by_role("button", name="Delete", exact=True).click()
        with page.expect_navigation():
            page.locator("dialog[open]").get_by_role("button", name="Delete").click()
        page.goto("/settings/webhooks")
        expect(page.get_by_text("No endpoints yet")).to_be_visible()


def _until(page: Page, state: str) -> None:
    """Load the page again until its newest delivery is in this state."""

    def is_so() -> bool:
        page.reload()
        return page.get_by_role("group", name="Deliveries").get_by_text(state).count() > 0

    eventually(is_so)
