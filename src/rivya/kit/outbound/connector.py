"""Where names become addresses and addresses become connections: the only place where a check is worth something.

aiohttp asks a resolver for names only, not for a host that is an address already; its sockets come from a factory,
which sees every address right before it is connected to. So the resolver refuses a name whole, and the factory is
the gate that nothing goes around.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from rivya.kit.outbound.addresses import is_public
from rivya.kit.outbound.outcomes import NotPublic

_THREADS = 16


class SystemResolver(AbstractResolver):
    """Asks the system, in threads of its own: name servers that never answer must not keep others from theirs."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="resolve")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        ask = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
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
