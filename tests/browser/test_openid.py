"""Signing in by somebody else's word, as a person does it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.accounts.issuer import CLIENT, SECRET, Issuer, running
from tests.browser.accessible import axe
from tests.browser.conftest import TIMEOUT_MS
from tests.browser.faults import Faults
from tests.browser.site import Site
from tests.databases import Databases
from tests.running import Rivya


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running() as found:
        yield found


@pytest.fixture(scope="module")
def vouched(databases: Databases, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An installation where two may vouch for people."""
    folder = Path(tmp_path_factory.mktemp("vouched"))
    file = folder / "openid.toml"
    client = f'client_id = "{CLIENT}"\nclient_secret_env = "ISSUER_SECRET"\n'
    hub = issuer.url.replace("127.0.0.1", "localhost")
    file.write_text(
        f'[example]\ntitle = "Example"\nissuer = "{issuer.url}"\n{client}'
        f'[hub]\ntitle = "GitHub"\nkind = "github"\nissuer = "{hub}"\n{client}'
    )
    with databases.one() as database_url:
        rivya = Rivya(database_url, folder, {"RIVYA_OPENID_FILE": str(file), "ISSUER_SECRET": SECRET})
        try:
            process, base_url = rivya.serve()
            rivya.wait_for(base_url, process, "/healthz")
            yield Site(rivya, base_url, database_url)
        finally:
            rivya.close()


@pytest.fixture
def page(browser: Browser, vouched: Site, faults: Faults) -> Iterator[Page]:
    context = browser.new_context(base_url=vouched.base_url, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(TIMEOUT_MS)
    faults.watch(context)
    yield context.new_page()
    context.close()
    assert faults.found == []


def test_somebody_signs_in_by_an_issuer_connects_another_and_leaves(page: Page, issuer: Issuer) -> None:
    issuer.claims = {"sub": "1", "email": "ada@example.com", "email_verified": True, "name": "Ada L"}
    page.goto("/sign-in?next=/settings/security")
    assert axe(page) == []
    page.get_by_role("link", name="Continue with Example").click()
    page.wait_for_url("**/settings/security")
    expect(page.get_by_role("group", name="Other ways in")).to_contain_text("ada@example.com")
    expect(page.get_by_label("Password now")).to_have_count(0)
    assert axe(page) == []

    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("This is the only way into your account")).to_be_visible()

    issuer.claims["sub"] = "17"
    page.get_by_role("link", name="Connect GitHub").click()
    expect(page.get_by_text("Connected: you can sign in that way now")).to_be_visible()
    page.get_by_role("button", name="Disconnect").first.click()
    expect(page.get_by_text("Disconnected.")).to_be_visible()

    page.get_by_label("Type ada@example.com to delete this account").fill("ada@example.com")
    page.get_by_role("button", name="Delete account").click()
    page.wait_for_url("**/sign-in")
    expect(page.get_by_text("Your account is deleted.")).to_be_visible()


def test_who_does_not_agree_sees_why_and_how_to_go_on(page: Page, issuer: Issuer, faults: Faults) -> None:
    page.goto("/sign-in")
    issuer.denies = True
    with faults.expected("status of 400"):
        page.get_by_role("link", name="Continue with Example").click()
        expect(page.get_by_role("heading", name="Not signed in")).to_be_visible()
    issuer.denies = False
    expect(page.get_by_text("You did not agree at Example")).to_be_visible()
    assert axe(page) == []


def test_nothing_of_the_way_is_left_behind(page: Page, vouched: Site, issuer: Issuer) -> None:
    issuer.claims = {"sub": "2", "email": "grace@example.com", "email_verified": True}
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.goto("/sign-up")
    page.get_by_role("link", name="Continue with Example").click()
    page.wait_for_url("**/dashboard")
    back = next(address for address in addresses if "/sign-in/return?" in address)
    secrets = re.findall(r"(?:code|state)=([^&]+)", back)
    assert len(secrets) == 2
    logs = "".join(file.read_text() for file in vouched.rivya.folder.rglob("*.log"))
    assert "/sign-in/return" in logs
    assert [secret for secret in secrets if secret in logs] == []
    assert [cookie["name"] for cookie in page.context.cookies()] == ["rivya_session"]
