"""From signing up to a key that works, as a person does it."""

from __future__ import annotations

import itertools

import pytest
from playwright.sync_api import Page, expect

from tests.accounts.letters import letters, link
from tests.browser.accessible import axe
from tests.browser.site import Site
from tests.running import Client, eventually

_numbers = itertools.count(1)
PAGES = [
    "/settings/profile",
    "/settings/security",
    "/settings/credits",
    "/settings/billing",
    "/settings/api-keys",
    "/settings/webhooks",
]


def test_somebody_signs_up_makes_a_key_and_calls_the_api(page: Page, site: Site) -> None:
    email = f"new{next(_numbers)}@example.com"
    page.goto("/sign-up")
    assert axe(page) == []
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("a horse and a battery")
    page.locator("form").get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Look at your mail")).to_be_visible()
    page.goto(link(_letter(site, email), "/confirm"))
    page.get_by_role("button", name="Make my account").click()
    page.wait_for_url("**/dashboard")

    page.goto("/settings/api-keys")
    page.get_by_label("Name").fill("Production")
    page.get_by_role("button", name="Create key").click()
    secret = page.get_by_role("textbox", name="API key").input_value()
    page.locator(".input-group").get_by_role("button", name="Copy").click()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    client = Client(site.base_url, secret)
    assert client.get("/api/v1/credits").json["current_credits"] == 6
    task = client.generate({"model": "rivya-sketch", "prompt": "a red boat"}).json
    assert client.ended(task["id"])["status"] == "succeeded"
    page.goto("/settings/credits")
    expect(page.get_by_text(task["id"]).first).to_be_visible()

    page.goto("/settings/api-keys")
    assert page.get_by_role("textbox", name="API key").count() == 0
    page.get_by_role("button", name="Revoke Production").click()
    page.locator("dialog[open]").get_by_role("button", name="Revoke", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("is revoked")
    eventually(lambda: client.get("/api/v1/credits").status == 401, within_s=5)


def test_a_password_is_forgotten_and_chosen_anew(page: Page, site: Site) -> None:
    who = site.person()
    page.goto("/forgot-password")
    page.get_by_label("E-mail").fill(who.email)
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("status").first).to_contain_text("is on its way")
    page.goto(link(_letter(site, who.email), "/reset-password"))
    page.get_by_label("New password").fill("another one entirely")
    page.get_by_role("button", name="Save and sign in").click()
    page.wait_for_url("**/dashboard")
    page.context.clear_cookies()
    page.goto("/settings/security")
    page.get_by_label("E-mail").fill(who.email)
    page.get_by_label("Password").fill("another one entirely")
    page.locator("form").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/settings/security")
    expect(page.get_by_text("this one")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_settings_are_accessible(page: Page, site: Site, path: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    site.sign_in(page.context, site.person())
    page.goto(path)
    assert axe(page) == []


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-up", "/forgot-password", "/reset-password?token=x", "/confirm?token=x"]
)
def test_the_doors_are_accessible(page: Page, path: str) -> None:
    page.goto(path)
    assert axe(page) == []


def _letter(site: Site, to: str) -> str:
    """Return the first letter to an address, which is written in the background."""
    return eventually(lambda: letters(site.rivya.folder / "data", to))[0]
