"""Calls as the quickstart shows them: made with curl, printed with their answers."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from rich.console import Console


class CallFailed(Exception):
    """A call was not answered as it should be."""


class Caller:
    """Calls with one key. Where there is no curl, Python makes the call; the curl line is shown anyway."""

    def __init__(self, console: Console, key: str) -> None:
        self._console = console
        self._key = key
        self._curl = shutil.which("curl")

    def __call__(self, url: str, *, body: Any = None, headers: dict[str, str] | None = None, show: bool = True) -> Any:
        """Return the answer's JSON. Raises CallFailed."""
        given = {"Authorization": f"Bearer {self._key}", **(headers or {})}
        if body is not None:
            given["Content-Type"] = "application/json"
        content = json.dumps(body) if body is not None else None
        if show:
            self._show(url, given, content)
        answer = json.loads(self._fetch(url, given, content))
        if show:
            self._console.print_json(data=answer)
        if "error" in answer and "id" not in answer:
            raise CallFailed(answer["error"]["message"])
        return answer

    def save(self, url: str, file: Path) -> None:
        """Save what a link leads to."""
        self._console.print(f"$ curl -o {file} '{_short(url)}'", style="bold", markup=False, soft_wrap=True)
        file.write_bytes(self._fetch(url, {}, None))

    def _show(self, url: str, headers: dict[str, str], content: str | None) -> None:
        shown = {**headers, "Authorization": "Bearer $RIVYA_KEY"}
        lines = [f"$ curl {url}", *(f'  -H "{name}: {value}"' for name, value in shown.items())]
        if content is not None:
            lines.append(f"  -d {shlex.quote(content)}")
        self._console.print(" \\\n".join(lines), style="bold", markup=False, soft_wrap=True)

    def _fetch(self, url: str, headers: dict[str, str], content: str | None) -> bytes:
        if self._curl is None:
            request = urllib.request.Request(url, content.encode() if content else None, headers)  # noqa: S310 - ours
            with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
                return answer.read()
        # Headers come from standard input: a key on the command line could be read by other users of the machine.
        config = "".join(f'header = "{name}: {value}"\n' for name, value in headers.items())
        arguments = [self._curl, "-sS", "--max-time", "120", "--config", "-", url]
        if content is not None:
            arguments += ["--data", content]
        done = subprocess.run(arguments, input=config.encode(), capture_output=True, check=False)
        if done.returncode != 0:
            raise CallFailed(done.stderr.decode().strip())
        return done.stdout


def _short(url: str) -> str:
    return url if len(url) < 100 else f"{url[:97]}..."
