"""Prompts, and every other text that a body takes: too long by a code point, blank in many ways, with what no text may hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.api.hostile.case import Case, generation, refused

MOST = 20
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
"""One picture to the eye, five code points to a count."""


def demanding(prompt: str, **more: Any) -> dict[str, Any]:
    return {"model": "demanding", "prompt": prompt, "params": {"style": "ink"}, **more}


def long() -> Iterator[Case]:
    tails = {
        "ASCII": "a" * (MOST + 1),
        "emoji": "\U0001f600" * (MOST + 1),
        "combining marks": "e" + "\u0301" * MOST,
        "families": FAMILY * 4 + "a",
        "flags": "\U0001f1ee\U0001f1ea" * 10 + "a",
        "spaces behind it": "a" + " " * MOST,
        "what nobody sees": "a" + "\u200b" * MOST,
        "escapes of two units": "\U0001d11e" * (MOST + 1),
    }
    for name, prompt in tails.items():
        yield refused(f"a prompt one code point too long, of {name}", generation(demanding(prompt)), "prompt")
    yield refused("a prompt of a million characters", generation(demanding("a" * 1_000_000)), "prompt")
    yield refused("a prompt of 10 MB", generation(demanding("a" * 10_000_000)))
    yield refused(
        "a prompt of 10 MB of escapes", generation(b'{"model": "scripted", "prompt": "%b"}' % (b"\\u0041" * 1_700_000))
    )


def blank() -> Iterator[Case]:
    for name, prompt in {
        "nothing": "",
        "spaces": "   ",
        "tabs and line breaks": "\t\r\n\x0b\x0c",
        "spaces of other scripts": "\u00a0\u3000\u2003\u202f",
        "separators": "\u2028\u2029\x1c\x1d\x1e\x1f\x85",
    }.items():
        yield refused(f"a prompt of {name}", generation(demanding(prompt)), "prompt")


def nul() -> Iterator[Case]:
    texts: dict[str, dict[str, Any]] = {
        "prompt": demanding("a\0"),
        "model": {"model": "scripted\0"},
        "client_request_id": demanding("a", client_request_id="a\0b"),
        "params.style": {"model": "demanding", "prompt": "a", "params": {"style": "\0"}},
        "params.size": {"model": "demanding", "prompt": "a", "params": {"style": "ink", "size": "small\0"}},
        "params.tags": {"model": "demanding", "prompt": "a", "params": {"style": "ink", "tags": ["a", "\0"]}},
        "params.\0": {"model": "demanding", "prompt": "a", "params": {"style": "ink", "\0": 1}},
        "a\0b": demanding("a", **{"a\0b": 1}),
    }
    for param, body in texts.items():
        yield refused(f"NUL in {param!r}", generation(body), param)
    deep = {"model": "demanding", "prompt": "a", "params": {"style": "ink", "tags": [{"a": {"b\0": 1}}]}}
    yield refused("NUL in a key of an object of an array", generation(deep), "params.tags")


def traces() -> Iterator[Case]:
    yield refused(
        "a trace one character too long", generation(demanding("a", client_request_id="é" * 129)), "client_request_id"
    )
    yield refused(
        "a trace of half a million characters",
        generation(demanding("a", client_request_id="x" * 500_000)),
        "client_request_id",
    )
    for trace in (5, True, [], {}, 1.5):
        yield refused(
            f"a trace that is {trace!r}", generation(demanding("a", client_request_id=trace)), "client_request_id"
        )
    for prompt in (5, True, ["a"], {"text": "a"}, {"toString": "a"}):
        yield refused(f"a prompt that is {prompt!r}", generation({**demanding("a"), "prompt": prompt}), "prompt")


def models() -> Iterator[Case]:
    for model in (
        "",
        " ",
        "../scripted",
        "scripted ",
        "SCRIPTED",
        "scripted.toml",
        "scripted' or '1'='1",
        "__proto__",
        "x" * 100_000,
        "ｓｃｒｉｐｔｅｄ",
        "s\u0441ripted",
        "%73cripted",
        "{{7*7}}",
        "${jndi:ldap://127.0.0.1/a}",
    ):
        yield refused(f"the model {model[:30]!r}", generation({"model": model, "prompt": "a"}), "model")
    for model in (5, None, ["scripted"], {"$ne": ""}):
        yield refused(f"the model {model!r}", generation({"model": model, "prompt": "a"}), "model")


CASES = [*long(), *blank(), *nul(), *traces(), *models()]
