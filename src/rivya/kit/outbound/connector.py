"""Where names become addresses and addresses become connections: the only place where a check is worth something.

aiohttp asks a resolver for names only, not for a host that is an address already; its sockets come from a factory,
which sees every address right before it is connected to. So the resolver refuses a name whole, and the factory is
the gate that nothing goes around.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from aiohttp import TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler

from rivya.kit.outbound.addresses import is_public
from rivya.kit.outbound.outcomes import NotPublic

_MOST_THREADS = 256
_AT_ONCE = 64
_SLOW_S = 1.0
_REMEMBERED_S = 300.0
_MOST_REMEMBERED = 10_000

Found = list[tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]]
_Name = tuple[str, int, socket.AddressFamily]


class SystemResolver(AbstractResolver):
    """Asks the system, in threads of its own, such that names which nobody answers for do not hold up the others.

    The system cannot be told to give up, so a thread may be held for half a minute. A name that took longer than a
    second no longer counts among those that are asked for at once, and for five minutes it waits in a queue of such
    names. Who asks for a name that is being asked for waits for the same answer.
    """

    def __init__(self, ask: Callable[..., Found] = socket.getaddrinfo) -> None:  # pyright: ignore[reportArgumentType]
        self._ask = ask
        self._threads = ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="resolve")
        self._asking: dict[_Name, asyncio.Task[Found]] = {}
        self._quick = asyncio.Semaphore(_AT_ONCE)
        self._slow = asyncio.Semaphore(_AT_ONCE)
        self._slow_until: OrderedDict[str, float] = OrderedDict()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return a name's addresses. Raises OSError if there are none."""
        name = (host, port, family)
        asking = self._asking.get(name)
        if asking is None:
            asking = self._asking[name] = asyncio.create_task(self._look_up(name))
            asking.add_done_callback(partial(self._looked_up, name))
        found = await asyncio.shield(asking)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=int(address[1]),
                family=family,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for family, _, proto, _, address in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for asking in list(self._asking.values()):
            asking.cancel()

    async def _look_up(self, name: _Name) -> Found:
        host, port, family = name
        loop = asyncio.get_running_loop()
        is_slow = self._slow_until.get(host, 0.0) > loop.time()
        ask = partial(self._ask, host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        async with self._slow if is_slow else self._quick:
            asking = loop.run_in_executor(self._threads, ask)
            done, _ = await asyncio.wait([asking], timeout=None if is_slow else _SLOW_S)
        if not done:
            self._slow_until[host] = loop.time() + _REMEMBERED_S
            self._slow_until.move_to_end(host)
            if len(self._slow_until) > _MOST_REMEMBERED:
                self._slow_until.popitem(last=False)
        return await asking

    def _looked_up(self, name: _Name, asking: asyncio.Task[Found]) -> None:
        self._asking.pop(name, None)
        if not asking.cancelled():
            asking.exception()  # whoever still waits is told; nobody else is to be


class PublicResolver(AbstractResolver):
    """Answers only for names all of whose addresses are public; asks ``inner`` once for each connection.

    One address that is not public is enough to refuse: a host that is half inside is not what a user means, and a
    name that says so is most likely an attack.
    """

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return a name's addresses. Raises NotPublic, or OSError if there are none."""
        # The dot keeps the search domains of this machine out of it: they would lead inside first.
        found = await self._inner.resolve(f"{host.rstrip('.')}.", port, family)
        if not found:
            raise OSError(errno.ENOENT, "no addresses")
        for one in found:
            if not is_public(one["host"]):
                raise NotPublic(f"{host} has the address {one['host']}")
        return found

    async def close(self) -> None:
        await self._inner.close()


def public_socket(info: tuple[Any, ...]) -> socket.socket:
    """Open a socket for an address that is public. Raises OSError for any other."""
    family, kind, protocol, _, address = info
    if not is_public(address[0]):
        raise OSError(errno.EACCES, "not a public address")
    return socket.socket(family, kind, protocol)


class Connector(TCPConnector):
    """aiohttp's connector, with connections of ours."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)  # pyright: ignore[reportUnknownMemberType]
        self._factory = partial(_Connection, loop=self._loop)


class _Connection(ResponseHandler):
    """Goes on only if it was held up. aiohttp 3.14 says so after each chunk that is taken, and each time the parser is
    asked for what it may have kept: a tenth of what a relay of streams has to do.
    """

    def resume_reading(self, resume_parser: bool = True) -> None:
        if self._reading_paused:
            super().resume_reading(resume_parser)
