"""References that lead inside, elsewhere, or to what belongs to somebody else. None of them may be asked for.

Hosts that resolve to what is inside (rebinding) need a resolver of the test's own: tests/kit/test_outbound_inside.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.api.hostile.case import Call, Case, generation, refused

URL = "params.referenceMediaItems[0].url"
ITEMS = "params.referenceMediaItems"
HOSTS = (
    # loopback, in every spelling
    "localhost", "LOCALHOST", "localhost.", "a.localhost", "localhost.localdomain", "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "127.0.0.01",
    "2130706433", "0x7f000001", "0x7f.1", "0x7F.0.0.0x1", "017700000001", "0177.0.0.1", "0177.0x0.0.1", "127.000.000.001", "127.255.255.254",
    "0", "0.0.0.0", "0x0", "00", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::1%25lo]", "[::1%lo]",
    # other ways to carry an IPv4 address
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:10.0.0.1]", "[::127.0.0.1]", "[::7f00:1]", "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2001:0:7f00:1::]",
    # private, link-local, and what clouds keep there
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376",
    "169.254.43518", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "[fe80::1]", "[fe80::1%25eth0]", "[fc00::1]", "[ff02::1]",
    "metadata.google.internal", "metadata", "instance-data", "kubernetes.default.svc.cluster.local", "printer.local", "router.home.arpa",
    "100.100.100.200", "168.63.129.16", "192.0.0.192",
    # not of the public internet
    "198.18.0.1", "192.0.2.1", "203.0.113.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "[2001:db8::1]",
    # letters and digits that become others
    "１２７.０.０.１", "127。0。0。1", "①②⑦.⓪.⓪.①", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "ｌｏｃａｌｈｏｓｔ", "locaｌhost", "xn--", "xn--a", "xn--lclhst-bza", "١٢٧.٠.٠.١", "loc\u00adalhost", "loc\u200balhost",
    "a℀b", "127.0.0.1\u2024", "a／b",
    # no host
    "", ".", "..", "a..b", "-", "[", "]", "[]", "[::1", "::1", "[v1.a]", "[127.0.0.1]", "256.256.256.256", "1.2.3.4.5", "%31%32%37.0.0.1", "127.0.0.1%00.example",
    "127.0.0.1%2f@example", "a b", "a\tb", "a\r\nb", "a\\b", "a\0b", "a" * 64 + ".example", "a." * 200 + "example", "x" * 4096,
)  # fmt: skip
WHOLE = (
    "", " ", "/", "//127.0.0.1/a.png", "///127.0.0.1/", "a.png", "../a.png", "?", "#", "https:", "https:/", "https://", "https:///a.png", "https:a.png",
    "http://127.0.0.1/", "HTTP://127.0.0.1/", "hTTps://127.0.0.1/", " https://127.0.0.1/", "https://127.0.0.1/ ", "\thttps://127.0.0.1/", "\nhttps://127.0.0.1/",
    "file:///etc/passwd", "FILE:///etc/passwd", "file://localhost/etc/passwd", "file:/etc/passwd", "/etc/passwd", "C:\\Windows\\win.ini", "\\\\127.0.0.1\\a",
    "gopher://127.0.0.1:6379/_INFO", "dict://127.0.0.1:11211/stats", "ftp://127.0.0.1/a.png", "sftp://127.0.0.1/", "ldap://127.0.0.1/", "jar:https://127.0.0.1!/a",
    "tftp://127.0.0.1/a", "smb://127.0.0.1/a", "ws://127.0.0.1/", "unix:///var/run/docker.sock", "php://filter/resource=a", "expect://id", "javascript:alert(1)",
    "data:image/png;base64,iVBORw0KGgo=", "blob:https://127.0.0.1/a", "view-source:https://127.0.0.1/", "urn:a:b", "s3://bucket/a.png", "concat:/etc/passwd|/etc/hosts",
    "https://user@127.0.0.1/", "https://user:pass@127.0.0.1/", "https://example.com@127.0.0.1/", "https://example.com:443@127.0.0.1/", "https://@127.0.0.1/",
    "https://127.0.0.1#@example.com/", "https://127.0.0.1?@example.com/", "https://127.0.0.1\\@example.com/", "https://127.0.0.1;example.com/",
    "https://example.com:0/", "https://example.com:22/", "https://example.com:25/", "https://example.com:80/", "https://example.com:-1/", "https://example.com:65536/",
    "https://example.com:443:80/", "https://example.com:a/", "https://example.com:١/", "http://example.com/a.png", "https://127.0.0.1:5432/", "https://127.0.0.1:8787/api/v1/credits",
    "https://169.254.169.254/latest/meta-data/iam/security-credentials/", "https://[fd00:ec2::254]/latest/", "https://127.0.0.1/\r\nX-A: b", "https://127.0.0.1/\0.png",
    "https://example.com/" + "a" * 5000, "https://127.0.0.1/" * 50,
)  # fmt: skip


def reference(**item: Any) -> Call:
    params = {"style": "ink", "referenceMediaItems": [{"kind": "image", **item}]}
    return generation({"model": "demanding", "prompt": "a tree", "params": params})


def foreign() -> Iterator[Case]:
    for host in HOSTS:
        yield refused(f"the host {host[:40]!r}", reference(url=f"https://{host}/a.png"), URL)
    for url in WHOLE:
        yield refused(f"the url {url[:60]!r}", reference(url=url), URL)


def known() -> Iterator[Case]:
    """Links that look like ours, which the target tells us."""
    for name in OURS:
        yield refused(
            name,
            lambda target, name=name: reference(url=target.urls[name])(target),
            URL,
        )


OURS = (
    "another account's file", "another account's file by its id", "another account's result", "another signature", "another moment", "no signature", "no query",
    "a longer path", "a path that climbs", "another extension", "an expired link", "another object with this signature", "a link signed with another key",
    "another host with this path", "this host behind a user", "the API itself", "a file that was deleted", "a link with two signatures",
)  # fmt: skip


def shapes() -> Iterator[Case]:
    for value in (5, None, True, ["https://127.0.0.1/"], {"href": "https://127.0.0.1/"}):
        yield refused(f"a url that is {value!r}", reference(url=value), ITEMS)
    yield refused(
        "an item that is a url",
        generation(
            {
                "model": "demanding",
                "prompt": "a",
                "params": {"style": "ink", "referenceMediaItems": ["https://127.0.0.1/"]},
            }
        ),
        ITEMS,
    )
    yield refused("an item within an item", reference(url="x", items=[{"url": "https://127.0.0.1/"}]), ITEMS)
    yield refused(
        "10,000 items",
        generation(
            {
                "model": "demanding",
                "prompt": "a",
                "params": {
                    "style": "ink",
                    "referenceMediaItems": [{"url": "https://127.0.0.1/", "kind": "image"}] * 10_000,
                },
            }
        ),
        ITEMS,
    )
    for kind in ("", "Image", "image\0", "document", "video", "audio", "../image", "x" * 100_000):
        yield refused(f"the kind {kind[:20]!r}", reference(url="https://127.0.0.1/", kind=kind), f"{ITEMS}[0].kind")
    for name in ("headers", "method", "body", "proxy", "__proto__", "key", "object_key"):
        yield refused(f"{name} beside the url", reference(url="https://127.0.0.1/", **{name: "x"}), ITEMS)


CASES = [*foreign(), *known(), *shapes()]
