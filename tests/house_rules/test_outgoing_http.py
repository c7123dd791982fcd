"""Only kit/outbound opens connections to other servers."""

from __future__ import annotations

import ast
from pathlib import PurePosixPath

import pytest

from tests.house_rules.source import files, shown

CLIENTS = {
    "aiohttp",
    "aiosonic",
    "http.client",
    "httpx",
    "niquests",
    "pycurl",
    "requests",
    "urllib.request",
    "urllib3",
    "websockets",
}
"""Modules that send requests: nobody imports them."""

CALLS = {
    "asyncio.open_connection",
    "socket.create_connection",
    "socket.socket.connect",
}
"""Functions that connect, by the module that they are in, however they are imported."""

METHODS = {"create_connection", "sock_connect", "urlopen"}
"""What connects when it is called on an event loop or an opener."""

EXCEPTIONS = {
    "supervisor.py": "asks its own API process on loopback whether it lives",
    "demo/calls.py": "is a client: shows calls to the installation that the demo has started",
}


def may_connect(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return parts[:2] == ("kit", "outbound") or path in EXCEPTIONS


def connections(source: str) -> list[str]:
    """Return each import of a client and each call that connects, in their order."""
    found: list[str] = []
    names: dict[str, str] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
                found += _clients(alias.name)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                names[alias.asname or alias.name] = whole
                found += _clients(node.module) or _clients(whole)
        elif isinstance(node, ast.Call):
            found += _calls(_dotted(node.func, names))
    return found


def _clients(module: str) -> list[str]:
    return [client for client in CLIENTS if module == client or module.startswith(f"{client}.")]


def _calls(called: str) -> list[str]:
    return [called] if called in CALLS or called.rsplit(".", 1)[-1] in METHODS else []


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    """Return the whole name of what is called; of a call's result, the name of the function that was called."""
    match node:
        case ast.Name(id):
            return names.get(id, id)
        case ast.Attribute(value, name):
            return f"{_dotted(value, names)}.{name}"
        case ast.Call(func):
            return _dotted(func, names)
        case _:
            return "?"


def test_nobody_but_the_one_client_connects() -> None:
    found = [
        f"{shown(path)}: {what}"
        for path in files(".py")
        if not may_connect(shown(path))
        for what in connections(path.read_text("utf-8"))
    ]
    assert found == [], "use kit/outbound"


def test_every_exception_is_still_one() -> None:
    sources = {shown(path): path.read_text("utf-8") for path in files(".py")}
    assert [path for path in EXCEPTIONS if not connections(sources.get(path, ""))] == []


def test_the_clients_own_connections_are_seen() -> None:
    assert any(connections(path.read_text("utf-8")) for path in files(".py") if shown(path).startswith("kit/outbound"))


@pytest.mark.parametrize(
    "source",
    [
        "import aiohttp",
        "import aiohttp as web",
        "import aiohttp.connector",
        "from aiohttp import ClientSession",
        "from aiohttp.client import ClientSession",
        "import urllib.request",
        "from urllib import request",
        "from urllib.request import urlopen as fetch",
        "import http.client",
        "from http import client",
        "from http.client import HTTPSConnection",
        "def later():\n    import requests",
        "import asyncio\nasyncio.open_connection('a', 1)",
        "import asyncio as aio\naio.open_connection('a', 1)",
        "from asyncio import open_connection as dial\ndial('a', 1)",
        "import socket\nsocket.create_connection(('a', 1))",
        "from socket import create_connection\ncreate_connection(('a', 1))",
        "import socket\nsocket.socket().connect(('a', 1))",
        "loop.create_connection(f, 'a', 1)",
        "asyncio.get_running_loop().sock_connect(s, ('a', 1))",
        "import urllib\nurllib.request.urlopen('http://a')",
    ],
)
def test_a_connection_is_found(source: str) -> None:
    assert connections(source)


@pytest.mark.parametrize(
    "source",
    [
        "import socket\nsocket.gethostname()",
        "import socket\ns = socket.socket()\ns.bind(('', 0))",
        "import asyncpg\nasyncpg.connect('postgres://')",
        "from urllib.parse import urlsplit",
        "from http import HTTPStatus",
        "from rivya import requests",
        "from .requests import body",
        "import rivya.openapi.requests",
        "from yarl import URL",
    ],
)
def test_what_does_not_connect_is_let_pass(source: str) -> None:
    assert connections(source) == []
