"""The operator's pages, as an operator uses them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import axe
from tests.browser.site import Site

PAGES = ["/admin", "/admin/accounts", "/admin/models", "/admin/tasks", "/admin/audit"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_admin_is_accessible(page: Page, site: Site, path: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    site.sign_in(page.context, site.person(operator=True))
    page.goto(path)
    assert axe(page) == []


def test_an_operator_grants_credits_and_sees_it_in_the_audit_log(page: Page, site: Site) -> None:
    customer = site.person(credits=0)
    site.sign_in(page.context, site.person(operator=True))
    page.goto("/admin/accounts")
    page.get_by_role("searchbox", name="Search").fill(customer.email)
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name=customer.email).click()
    page.get_by_role("textbox", name="Credits").fill("250")
    page.get_by_role("textbox", name="Reason").first.fill("a good customer")
    page.get_by_role("button", name="Grant").click()
    expect(page.locator(".toast")).to_contain_text("Granted 250 credits")
    assert axe(page) == []
    assert site.client(customer).get("/api/v1/credits").json["current_credits"] == 250
    page.get_by_role("link", name="Audit log").click()
    row = page.get_by_role("row").filter(has_text=customer.email).filter(has_text="credits.grant")
    expect(row).to_contain_text("a good customer")
