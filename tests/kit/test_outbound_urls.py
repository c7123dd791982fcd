"""Which URLs may be called, by their text alone."""

from __future__ import annotations

import pytest

from rivya.kit.outbound import OPERATORS, PUBLIC, Policy, Refused, checked_url

GOOD = [
    "https://example.com",
    "https://example.com/a.png?x=1#part",
    "https://EXAMPLE.com:443/",
    "https://a_b.example.com:8443/",
    "https://example.com./a",
    "https://1.1.1.1/",
    "https://[2606:4700::1111]/",
    "https://bücher.example/ä?ö",
    "https://xn--bcher-kva.example/",
    "https://1.example.com/",
    "https://localhost.example.com/",
]
INSIDE = [
    "https://localhost/",
    "https://LOCALHOST./",
    "https://a.localhost/",
    "https://printer.local/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://localhost.localdomain/",
    "https://router.home.arpa/",
    "https://intranet/",
    "https://127.0.0.1/",
    "https://127.0.0.1:8080/",
    "https://169.254.169.254/latest/meta-data/",
    "https://10.0.0.1/",
    "https://100.100.100.200/",
    "https://0.0.0.0/",
    "https://[::]/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[0:0:0:0:0:ffff:10.0.0.1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::169.254.169.254]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1]/",
    "https://127。0。0。1/",
    "https://１２７．０．０．１/",
    "https://①②⑦.⓪.0.1/",
    "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
]
OTHER_SPELLINGS = [
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0x7F.0.0.0x1/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.0.0.1./",
    "https://127.0.0.01/",
    "https://1.1.1.1.1/",
    "https://256.1.1.1/",
    "https://1.0x/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://[::ffff:1.1.1.1%1]/",
    "https://[v1.fe80]/",
    "https://[1.1.1.1]/",
]
ODD = [
    "",
    "https:",
    "https://",
    "https:///path",
    "https:/example.com",
    "//example.com/",
    "example.com",
    "http://example.com/",
    "HTTP://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com:70/_",
    "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "https://user@example.com/",
    "https://user:pass@example.com/",
    "https://@example.com/",
    "https://:@example.com/",
    "https://1.1.1.1@127.0.0.1/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com#@127.0.0.1:x/\\",
    "https://exa mple.com/",
    "https://example.com/a b",
    "https://example.com/\r\nHost: a",
    "https://example.com/\0",
    "https://example.com/\u2028",
    "https://exam%70le.com/",
    "https://example.com:0/",
    "https://example.com:22/",
    "https://example.com:80/",
    "https://example.com:65536/",
    "https://example.com:-1/",
    "https://example.com:443:80/",
    "https://exa,mple.com/",
    "https://ex*mple.com/",
    "https://a..example.com/",
    "https://.example.com/",
    "https://[::1/",
    "https://[::1]x/",
    "https://" + "a" * 64 + ".com/",
    "https://" + "a." * 130 + "com/",
    "https://example.com/" + "a" * 4096,
    "https://\ud800.com/",
]


@pytest.mark.parametrize("url", GOOD)
def test_a_public_https_url_is_allowed(url: str) -> None:
    assert checked_url(url, PUBLIC).raw_host


@pytest.mark.parametrize("url", [*INSIDE, *OTHER_SPELLINGS, *ODD])
def test_any_other_is_refused_with_a_reason(url: str) -> None:
    with pytest.raises(Refused) as refused:
        checked_url(url, PUBLIC)
    assert refused.value.reason.startswith("must ")
    assert len(refused.value.reason) < 100


@pytest.mark.parametrize("url", INSIDE)
def test_what_is_inside_is_refused_in_the_same_words_whether_there_or_not(url: str) -> None:
    with pytest.raises(Refused, match=r"^must name a public host$"):
        checked_url(url, PUBLIC)


@pytest.mark.parametrize(
    "url", ["https://example.com/a%2Fb/../c?X-Sig=a%2Bb%2F%41&y=~%7E", "https://example.com/?a='(b)'"]
)
def test_a_signed_url_is_sent_as_it_was_given(url: str) -> None:
    assert str(checked_url(url, PUBLIC)) == url


@pytest.mark.parametrize(
    "url", ["http://localhost:11434/v1", "http://ollama:81", "https://10.0.0.1/", "http://[::1]:9"]
)
def test_what_an_operator_configures_may_be_inside(url: str) -> None:
    assert str(checked_url(url, OPERATORS)) == url


@pytest.mark.parametrize(
    "url",
    [
        url
        for url in [*ODD, *OTHER_SPELLINGS]
        if not url.lower().startswith("http://") and url[-4:-1] not in (":22", ":80")
    ],
)
def test_what_is_odd_is_refused_to_operators_too(url: str) -> None:
    with pytest.raises(Refused):
        checked_url(url, OPERATORS)


def test_a_fragment_is_refused_where_the_policy_says_so() -> None:
    policy = Policy(fragments=False)
    checked_url("https://example.com/", policy)
    for url in ("https://example.com/#a", "https://example.com/#", "https://example.com#a"):
        with pytest.raises(Refused, match="fragment"):
            checked_url(url, policy)
