"""What Chromium makes of a sound or a video on the page."""

from __future__ import annotations

from playwright.sync_api import Locator

_DURATION = """player => new Promise((done, failed) => {
  const told = () => player.error ? failed(new Error(player.error.message)) : done(player.duration);
  if (player.readyState || player.error) return told();
  player.addEventListener("loadedmetadata", told, {once: true});
  player.addEventListener("error", told, {once: true});
})"""


def duration_s(player: Locator) -> float:
    """How long it is, once the browser has read that much of it; raises Playwright's ``Error`` if it cannot play it.

    Waits inside the page: Playwright's ``wait_for_function`` asks again by ``eval``, which our pages forbid.
    """
    return float(player.evaluate(_DURATION))
