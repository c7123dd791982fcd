"""Send a request and read its answer, with a bound on everything: time, size, redirects, connections."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import lru_cache

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from rivya import __version__
from rivya.kit.outbound.connector import Connector, PublicResolver, SystemResolver, public_socket
from rivya.kit.outbound.outcomes import Broken, OutboundError, Refused, TooLarge, TooSlow, Unreachable
from rivya.kit.outbound.patience import Patience, Waits, Watch
from rivya.kit.outbound.urls import Policy, checked_url, is_address
from rivya.kit.tracing import span

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_LINE_BYTES = 8 * 1024
_MOST_HEADERS = 64
_BUFFER_BYTES = 64 * 1024
_IDLE_S = 15.0
_RESOLVE_S = 5.0
_checked = lru_cache(maxsize=256)(checked_url)
_NOT_OURS = (aiohttp.ClientError, OSError)  # a timeout is an OSError


class Outbound:
    """A pool of connections under one policy, for one event loop; to be closed.

    Two policies never share a pool: a connection that one allowed must not serve the other. There are no cookies
    and no proxies, and certificates are checked against those that OpenSSL trusts (``SSL_CERT_FILE``) or ``tls``.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        connections: int = 100,
        connections_a_host: int = 0,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        inner = resolver or SystemResolver()
        self._resolver = inner if policy.allow_private else PublicResolver(inner)
        self._session = aiohttp.ClientSession(
            connector=Connector(
                limit=connections,
                limit_per_host=connections_a_host,
                keepalive_timeout=_IDLE_S,
                resolver=self._resolver,
                use_dns_cache=False,
                socket_factory=None if policy.allow_private else public_socket,
                ssl=tls or True,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            # Nothing is ever unpacked here, so that nothing small can become large.
            headers={"User-Agent": f"rivya/{__version__}", "Accept-Encoding": "identity"},
            auto_decompress=False,
            read_bufsize=_BUFFER_BYTES,
            max_line_size=_MOST_LINE_BYTES,
            max_field_size=_MOST_LINE_BYTES,
            max_headers=_MOST_HEADERS,
        )

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        patience: Patience | None = None,
        redirects: int = 0,
    ) -> AsyncGenerator[Answer]:
        """Send a request; lend the answer, of any status, while the block runs. What is not read then is cut off.

        So many redirects of a GET are followed, each checked like the first URL; with none, a redirect is an answer
        like any other. Raises Refused, Unreachable, Broken or TooSlow.
        """
        if redirects and (method != "GET" or headers or body is not None):
            raise ValueError("only a bare GET follows redirects: what it carries is not for everybody")
        waits = Waits(patience or Patience())
        target = _checked(url, self._policy)
        # Its path and query stay untold: they may be secrets of whoever gave the URL.
        with span(method, kind="client", http__request__method=method, server__address=target.host) as traced:
            if redirects:
                response = await self._follow(target, redirects, waits)
            else:
                response = await self._send(method, target, headers, body, waits)
            traced.set(http__response__status_code=response.status)
            watch = Watch(response.content)
            try:
                yield Answer(response, waits, watch)
            finally:
                watch.stop()
                response.close()

    async def check(self, url: str) -> None:
        """Check a URL that is to be called later. Raises Refused, or Unreachable if its host is not known by now."""
        target = checked_url(url, self._policy)
        host = target.raw_host or ""
        if is_address(host):
            return
        try:
            async with asyncio.timeout(_RESOLVE_S):
                await self._resolver.resolve(host, target.port or 0)
        except OSError as error:  # a timeout is one too
            raise Unreachable(repr(error)) from None

    async def close(self) -> None:
        """Close every connection, whoever uses it."""
        await self._session.close()
        await self._resolver.close()

    async def _follow(self, target: URL, most: int, waits: Waits) -> aiohttp.ClientResponse:
        for _ in range(most + 1):
            response = await self._send("GET", target, None, None, waits)
            if response.status not in _REDIRECTS:
                return response
            response.close()
            target = self._next(target, response)
        raise Refused(f"must not redirect more than {most} times")

    async def _send(
        self, method: str, target: URL, headers: Mapping[str, str] | None, body: bytes | None, waits: Waits
    ) -> aiohttp.ClientResponse:
        try:
            async with waits.for_answer():
                return await self._session.request(
                    method,
                    target,
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=waits.patience.connect_s),
                )
        except _NOT_OURS as error:
            raise _told(error) from None

    def _next(self, target: URL, response: aiohttp.ClientResponse) -> URL:
        location = response.headers.get("Location")
        if location is None:
            raise Broken("a redirect to nowhere")
        try:
            return checked_url(str(target.join(URL(location, encoded=location.isascii()))), self._policy)
        except (Refused, ValueError):
            raise Refused("must not redirect to a URL that is not allowed itself") from None


class Answer:
    """An answer whose head has come; its body comes as it is read, and waits in the network until then."""

    def __init__(self, response: aiohttp.ClientResponse, waits: Waits, watch: Watch) -> None:
        self._response = response
        self._waits = waits
        self._watch = watch

    @property
    def status(self) -> int:
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, by name in any case."""
        return self._response.headers

    @property
    def content_type(self) -> str:
        """The media type without its parameters, in lower case."""
        return self._response.content_type

    @property
    def is_encoded(self) -> bool:
        """Whether the body is packed, although we asked for it plain; it is given as it came."""
        return self.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity")

    async def piece(self, *, within_s: float | None = None) -> bytes:
        """Return the next bytes, as many as are there; none at the end. Raises Broken or TooSlow."""
        content = self._response.content
        try:
            if (data := content.read_nowait()) or content.at_eof():
                return data
            with self._watch.until(self._waits.for_piece(within_s)):
                return await content.readany()
        except _NOT_OURS as error:
            raise _told(error) from None

    async def end(self, *, within_s: float) -> None:
        """Wait a moment for the end of a body of which nothing more is wanted, so that its connection can be kept."""
        content = self._response.content
        with suppress(*_NOT_OURS):
            if not content.at_eof():
                async with asyncio.timeout(within_s):
                    while await content.readany():
                        pass

    async def chunks(self, *, most_bytes: int) -> AsyncIterator[bytes]:
        """Yield the body piece by piece. Raises TooLarge as soon as it is known to be longer, Broken or TooSlow."""
        if (self._response.content_length or 0) > most_bytes:
            raise TooLarge(f"{self._response.content_length} bytes were announced")
        size = 0
        while piece := await self.piece():
            size += len(piece)
            if size > most_bytes:
                raise TooLarge(f"more than {most_bytes} bytes came")
            yield piece

    async def beginning(self, most_bytes: int) -> bytes:
        """Return the first bytes of the body, the whole of it if it is no longer. Raises Broken or TooSlow."""
        found = bytearray()
        while len(found) < most_bytes and (piece := await self.piece()):
            found += piece
        return bytes(found[:most_bytes])


def _told(error: Exception) -> OutboundError:
    """Return in our own words what the library raises, and leave its own behind: they hold URLs and headers."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return Unreachable("no connection in time")
        case TimeoutError():
            return TooSlow("not in time")
        case aiohttp.ClientConnectorError():
            return Unreachable(repr(error.os_error))
        case _:
            return Broken(type(error).__name__)
