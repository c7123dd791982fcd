"""Relays that run: ours and the peers, each on the core for relays, and how each is called."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.lab import Lab, free_port, http_request, stop
from bench.peers import install
from bench.processes import named, on_core

LOAD_CORE, RELAY_CORE = 0, 1
KEYS = 64
"""Of as many accounts, used in turn."""
MODELS = ("flat", "paced", "short", "plain")
_LONGEST_START_S = 90
_SAID = "Tell me of the sea."
_CHAT = "/v1/chat/completions"

_MODEL = """id = "{id}"
display_name = "{id}"
category = "chat"
billing_type = "TOKEN_BASED"
base_credits = 1
max_prompt_length = 20000
supported_modes = ["chat"]
deadline_s = 120

[chat]
context_window = 8000
max_output_tokens = 1000

[tokens]
size = 100
"""


class NotStarted(Exception):
    """A relay ended, or did not listen in time."""


@dataclass(frozen=True)
class Relay:
    """One that runs. ``keys`` are used in turn; ``ours`` says that it speaks our protocol, not OpenAI's."""

    name: str
    port: int
    keys: Sequence[str | None]
    process: int | None = None
    database: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    ours: bool = False

    @property
    def processes(self) -> list[int]:
        """Those whose CPU is the relay's."""
        return [pid for pid in (self.process, self.database) if pid is not None]

    def requests(self, model: str, *, streamed: bool) -> list[bytes]:
        """Return raw requests for one turn each."""
        if self.ours:
            path = f"/api/v1/chat/completions{'/stream' if streamed else ''}"
            body: dict[str, object] = {"model": model, "message": _SAID}
        else:
            path = _CHAT
            body = {"model": model, "messages": [{"role": "user", "content": _SAID}], "max_tokens": 1000}
            if streamed:
                body |= {"stream": True, "stream_options": {"include_usage": True}}
        encoded = msgspec.json.encode(body)
        return [http_request("POST", path, key=key, body=encoded, **self.headers) for key in self.keys]


def direct(port: int) -> Relay:
    """Return the upstream itself."""
    return Relay("the upstream itself", port, [None])


@contextmanager
def rivya(lab: Lab, upstream: int) -> Generator[Relay]:
    """Serve with one API process. PostgreSQL runs on both cores, and its CPU counts as the relay's."""
    catalog, providers = lab.folder / "chat-models", lab.folder / "chat-providers.toml"
    catalog.mkdir(exist_ok=True)
    for model in MODELS:
        (catalog / f"{model}.toml").write_text(_MODEL.format(id=model))
    routes = "".join(f'[[routes]]\nmodel = "{model}"\nprovider = "double"\ntarget = "{model}"\n' for model in MODELS)
    providers.write_text(f'[providers.double]\nkind = "openai"\nurl = "http://127.0.0.1:{upstream}/v1"\n{routes}')
    with (
        on_core(RELAY_CORE),
        lab.api(processes=1, RIVYA_CATALOG_DIR=str(catalog), RIVYA_PROVIDERS_FILE=str(providers)) as base_url,
    ):
        yield Relay(
            "Rivya", _port(base_url), lab.secrets[:KEYS], named("rivya serve"), database=named("postgres -D"), ours=True
        )


@contextmanager
def bare(upstream: int, lab: Lab | None = None) -> Generator[Relay]:
    """Serve with Starlette and aiohttp, and nothing else; in a lab, with a row committed before and after each."""
    port = free_port()
    command = [
        *(str(install.bare()), "-m", "uvicorn", "bare:app", "--app-dir", str(Path(__file__).parent)),
        *("--port", str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"),
    ]
    name, database, more = "Starlette and aiohttp", None, dict[str, str]()
    if lab is not None:
        name, database, more = "the same with two commits", named("postgres -D"), {"DATABASE": lab.dsn}
    with _running(command, port, UPSTREAM=_url(upstream), **more) as process:
        yield Relay(name, port, [None], process, database=database)


@contextmanager
def portkey(upstream: int) -> Generator[Relay]:
    """Serve with Portkey's gateway: no database, nothing kept."""
    port = free_port()
    headers = {"x-portkey-provider": "openai", "x-portkey-custom-host": _url(upstream)}
    command = ["node", str(install.portkey()), f"--port={port}", "--headless"]
    with _running(command, port, NODE_ENV="production") as process:
        yield Relay("Portkey", port, ["sk-upstream"], process, headers=headers)


@contextmanager
def litellm(lab: Lab, upstream: int) -> Generator[Relay]:
    """Serve with LiteLLM's proxy: a master key, no database, nothing kept."""
    port, key = free_port(), f"sk-{secrets.token_urlsafe(24)}"
    config = lab.folder / "litellm.json"  # JSON is YAML
    params = {"api_base": _url(upstream), "api_key": "sk-upstream"}
    models = [{"model_name": name, "litellm_params": {"model": f"openai/{name}", **params}} for name in MODELS]
    config.write_bytes(msgspec.json.encode({"model_list": models, "general_settings": {"master_key": key}}))
    command = [
        *(str(install.litellm().parent / "litellm"), "--config", str(config), "--port", str(port)),
        *("--host", "127.0.0.1", "--num_workers", "1", "--telemetry", "False"),
    ]
    with _running(command, port, LITELLM_LOCAL_MODEL_COST_MAP="True") as process:
        yield Relay("LiteLLM", port, [key], process)


@contextmanager
def double() -> Generator[int]:
    """Run the upstream, on the other core; yield its port."""
    port = free_port()
    with on_core(LOAD_CORE):
        process = subprocess.Popen([sys.executable, "-m", "bench.double", str(port)])
    try:
        _await(port, process)
        yield port
    finally:
        stop([process])


@contextmanager
def _running(command: list[str], port: int, **environment: str) -> Generator[int]:
    with on_core(RELAY_CORE):
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        _await(port, process)
        yield process.pid
    finally:
        stop([process])


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + _LONGEST_START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > give_up_at:
                raise NotStarted(f"{process.args} does not listen") from None
            time.sleep(0.05)


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}/v1"


def _port(base_url: str) -> int:
    return int(base_url.rsplit(":", 1)[1])
