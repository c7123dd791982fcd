"""The system's Chromium: where it is, and how it is started so that it speaks to nobody but us."""

from __future__ import annotations

import os
import shutil
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")

MISSING = (
    "There is no Chromium on this machine, and the tests of tests/browser need one. As root, `make test` installs it "
    "(apt-get install chromium); else install it yourself, or say where it is with RIVYA_CHROMIUM=/path/to/chromium."
)


def find() -> str | None:
    """Return the path of a Chromium; None if there is none."""
    if given := os.environ.get("RIVYA_CHROMIUM"):
        return given
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def arguments() -> list[str]:
    """Return the flags to start it with: no display, no traffic of its own."""
    return [
        "--headless=new",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-domain-reliability",
        "--autoplay-policy=no-user-gesture-required",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ]


if __name__ == "__main__":
    # make asks: exit 1, and how to get one, when there is none.
    if find() is None:
        print(MISSING, file=sys.stderr)
        sys.exit(1)
