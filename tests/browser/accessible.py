"""axe-core, on what is to be read and used by everybody: WCAG 2.2, levels A and AA."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe(page: Page) -> list[str]:
    """Return what axe has against a page, a line each; nothing, if it is well."""
    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]})
    return [
        f"{found['id']} ({found['impact']}): {found['help']} at {' '.join(map(str, node['target']))}: "
        f"{' '.join((node.get('failureSummary') or '').split())}"
        for found in results.response["violations"]
        for node in found["nodes"]
    ]
