"""Install the peers from their packages into .bench, once: ``python -m bench.peers.install``."""

from __future__ import annotations

import subprocess
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".bench"
PORTKEY = FOLDER / "portkey" / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"

_LITELLM = "litellm[proxy]==1.106.2"
_PORTKEY = "@portkey-ai/gateway@1.15.2"
_IMMUTABLE = "new Response(p,e)"
_COPIED = "new Response(p,{status:e.status,headers:new Headers(e.headers)})"
_LONGEST_S = 900


class NotInstalled(Exception):
    """A peer cannot be installed here; the message says why."""


def bare() -> Path:
    """Return the Python that has Starlette, and the rest as Rivya has it. Raises NotInstalled."""
    same = [f"{name}=={version(name)}" for name in ("uvicorn", "uvloop", "httptools", "aiohttp", "asyncpg")]
    return _environment("bare", ["starlette", *same])


def litellm() -> Path:
    """Return the Python that has LiteLLM's proxy. Raises NotInstalled."""
    return _environment("litellm", [_LITELLM])


def portkey() -> Path:
    """Return the script that starts Portkey's gateway. Raises NotInstalled.

    As published it answers 500 to every stream on Node 20, because it hands headers on that cannot be changed: one
    expression of it is changed to copy them.
    """
    if not PORTKEY.exists():
        folder = FOLDER / "portkey"
        folder.mkdir(parents=True, exist_ok=True)
        _run("npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(folder), _PORTKEY)
    script = PORTKEY.read_text()
    if _COPIED not in script:
        if script.count(_IMMUTABLE) != 1:
            raise NotInstalled(f"{_PORTKEY} is not as it was when its patch was written")
        PORTKEY.write_text(script.replace(_IMMUTABLE, _COPIED))
    return PORTKEY


def _environment(name: str, packages: list[str]) -> Path:
    folder = FOLDER / name
    python, done = folder / "bin" / "python", folder / ".installed"
    if not done.exists() or done.read_text() != "\n".join(packages):
        uv = str(ROOT / ".tools" / "bin" / "uv")
        _run(uv, "venv", "--quiet", "--clear", "--python", str(ROOT / ".venv" / "bin" / "python"), str(folder))
        _run(uv, "pip", "install", "--quiet", "--python", str(python), *packages)
        done.write_text("\n".join(packages))
    return python


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(f"{Path(command[0]).name}: {error}") from error
    if done.returncode:
        raise NotInstalled(f"{Path(command[0]).name}: {done.stderr.strip()[-500:]}")


def main() -> None:
    for peer in (bare, litellm, portkey):
        try:
            print(f"{peer.__name__}: {peer()}")
        except NotInstalled as error:
            print(f"{peer.__name__} cannot be installed: {error}")


if __name__ == "__main__":
    main()
