"""One installation and one Chromium for all browser tests; a fresh context, that is watched, for each.

Playwright's loop runs in this thread while the browser is open: what is asynchronous goes to another one
(``tests.browser.site.run``), and nothing here lives longer than the tests of this folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser import chromium
from tests.browser.faults import Faults
from tests.browser.site import AS_INSTALLED, Site
from tests.databases import Databases
from tests.running import Rivya

TIMEOUT_MS = 60_000
"""Of any step: the machine may be busy with other things."""


@pytest.fixture(scope="package")
def site(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running installation with the providers that come with the package."""
    folder = Path(tmp_path_factory.mktemp("site"))
    settings = {
        "RIVYA_PROVIDERS_FILE": str(AS_INSTALLED),
        "RIVYA_SCRIPTED_MODELS": "false",
        "RIVYA_WEBHOOKS_ALLOW_PRIVATE": "true",
    }
    with databases.one() as database_url:
        rivya = Rivya(database_url, folder, settings)
        try:
            rivya.worker()
            process, base_url = rivya.serve()
            rivya.wait_for(base_url, process, "/readyz")
            yield Site(rivya, base_url, database_url)
        finally:
            rivya.close()


@pytest.fixture(scope="package")
def browser(site: Site) -> Iterator[Browser]:
    """The system's Chromium. Fails, and says how to get one, where there is none."""
    path = chromium.find()
    if path is None:
        pytest.fail(chromium.MISSING, pytrace=False)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=chromium.arguments())
        yield started
        started.close()


@pytest.fixture
def faults() -> Faults:
    """What went wrong on the pages of this test so far."""
    return Faults()


@pytest.fixture
def context(browser: Browser, site: Site, faults: Faults) -> Iterator[BrowserContext]:
    """A browser with nothing in it. The test fails if anything of ``faults`` was found in the end."""
    # Nothing is in between two colours when axe looks.
    made = browser.new_context(
        base_url=site.base_url, viewport={"width": 1280, "height": 800}, locale="en-GB", reduced_motion="reduce"
    )
    made.set_default_timeout(TIMEOUT_MS)
    made.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.base_url)
    faults.watch(made)
    yield made
    made.close()
    assert faults.found == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
