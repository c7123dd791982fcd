"""Which URLs may be called, judged by their text. Nothing here asks the network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from yarl import URL

from rivya.kit.outbound.addresses import is_public
from rivya.kit.outbound.outcomes import Refused

MOST_CHARACTERS = 4096

_MOST_HOST = 253
_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029]")
_LOCAL = ("localhost", "local", "localdomain", "internal", "lan", "home", "corp", "home.arpa")
_HTTPS_PORT = 443
_FIRST_FREE_PORT = 1024


@dataclass(frozen=True, slots=True)
class Policy:
    """Where requests may go. The default is for URLs that anybody may give."""

    allow_private: bool = False
    """Whether any address and any port will do."""
    schemes: tuple[str, ...] = ("https",)
    fragments: bool = True
    """Whether a URL may have a fragment, which is never sent."""


PUBLIC = Policy()
OPERATORS = Policy(allow_private=True, schemes=("http", "https"))
"""For a URL that the operator configured: it may well be inside."""


def checked_url(text: str, policy: Policy) -> URL:
    """Return the URL to call, exactly as it was given. Raises Refused.

    The URL that is returned is the one to hand to the client: parsed again elsewhere, its text could mean another
    host.
    """
    if len(text) > MOST_CHARACTERS:
        raise Refused(f"must be at most {MOST_CHARACTERS} characters")
    if _UNSEEN.search(text):
        raise Refused("must not hold spaces, backslashes or control characters")
    try:
        # What is ASCII is sent as it stands: signed URLs must not be quoted anew.
        url = URL(text, encoded=text.isascii())
        port = url.explicit_port  # looked at only when asked for
    except ValueError:
        raise Refused("must be a URL") from None
    if url.scheme not in policy.schemes:
        raise Refused(f"must begin with {' or '.join(f'{scheme}://' for scheme in policy.schemes)}")
    if "@" in url.raw_authority:
        raise Refused("must not hold a user or a password")
    if not policy.fragments and "#" in text:
        raise Refused("must not have a fragment")
    _check_host(url, policy)
    if port is not None:
        _check_port(port, policy)
    return url


def is_address(host: str) -> bool:
    """Return True if the host of a checked URL is an address, not a name."""
    return ":" in host or _NUMBER.fullmatch(host.rsplit(".", 1)[-1].lower()) is not None


def _check_host(url: URL, policy: Policy) -> None:
    host = (url.raw_host or "").lower()
    if not host:
        raise Refused("must name a host")
    if url.raw_authority.startswith("[") or is_address(host.rstrip(".")):
        _check_address(host, policy)
        return
    if not _NAME.fullmatch(host) or len(host) > _MOST_HOST:
        raise Refused("must name a host that the internet can know")
    name = host.rstrip(".")
    if not policy.allow_private and ("." not in name or any(f".{name}".endswith(f".{local}") for local in _LOCAL)):
        raise Refused("must name a public host")


def _check_address(host: str, policy: Policy) -> None:
    """Refuse the many other ways to write an address: decimal, octal, hexadecimal, shortened, with a zone."""
    try:
        _ = IPv6Address(host) if ":" in host and "%" not in host else IPv4Address(host)
    except AddressValueError:
        raise Refused("must name its host by a name, or by an address in its usual form") from None
    if not policy.allow_private and not is_public(host):
        raise Refused("must name a public host")


def _check_port(port: int, policy: Policy) -> None:
    """Keep users away from the well-known ports of other protocols."""
    if port == 0 or not (policy.allow_private or port == _HTTPS_PORT or port >= _FIRST_FREE_PORT):
        raise Refused(f"must name port {_HTTPS_PORT}, or one from {_FIRST_FREE_PORT} on")
