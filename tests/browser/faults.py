"""What must not happen while a page is looked at: errors in the console, scripts that fail, breaches of the content
security policy, requests that leave this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

LOOPBACK = {"127.0.0.1", "localhost", "::1"}

_REPORTED = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile ?? ""}`));
"""


@dataclass
class Faults:
    found: list[str] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """Note what goes wrong on every page of a context."""
        context.add_init_script(_REPORTED)
        context.on("page", self._watch_page)
        context.on("request", self._request)
        context.on("console", self._console)

    @contextmanager
    def expected(self, pattern: str) -> Iterator[None]:
        """Let what matches pass meanwhile: a refusal that the test is about (``"status of 404"``)."""
        self._expected.append(pattern)
        try:
            yield
        finally:
            self._expected.remove(pattern)

    def _watch_page(self, page: Page) -> None:
        page.on("pageerror", lambda error: self._note(f"script: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            place: Any = message.location
            self._note(f"console {message.type}: {message.text} ({place.get('url', '')}:{place.get('lineNumber', '')})")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in LOOPBACK:
            self._note(f"request that leaves this machine: {request.url}")

    def _note(self, text: str) -> None:
        if not any(re.search(pattern, text) for pattern in self._expected):
            self.found.append(text)
