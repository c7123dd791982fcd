"""Params: names that mean something elsewhere, wrong types, values that another language would take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.api.hostile.case import Case, generation, refused

NAMES = (
    "__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "__class__", "__init__", "self", "params",
    "", " ", ".", "..", "../../etc/passwd", "size.x", "size[0]", "size[]", "Size", "size ", "ѕize", "$where", "$gt",
    "a;drop table tasks", "<script>alert(1)</script>", "%s%n", "{0.__class__}", "\u202eezis", "\U0001f600", "\r\nX-A: b",
)  # fmt: skip
NO_OPTION: tuple[Any, ...] = (
    "", "SMALL", "small ", " small", "small\n", "smal", "ѕmall", "small,large", "small' or '1'='1", "0", 0, 1, -1, 1.0, True, False,
    None, [], ["small"], {}, {"$gt": ""}, {"$ne": None}, {"toString": "small"}, "x" * 100_000,
)  # fmt: skip
NO_NUMBER: tuple[Any, ...] = (
    "", "0.5", "0", "NaN", "1e0", "0x1", None, True, False, [], [0.5], {}, {"valueOf": 1}, 0.07, 0.5000001, 1.05, -0.05, 2, -1,
    10**18, -(10**18), 10**40, 2**53 + 1, 1e300,
)  # fmt: skip
NO_TEXT: tuple[Any, ...] = (
    "",
    "   ",
    5,
    True,
    None,
    [],
    ["ink"],
    {},
    {"length": 1},
    "x" * 11,
    "\U0001f600" * 11,
    "e" + "\u0301" * 10,
)
NO_ARRAY: tuple[Any, ...] = ("", "[]", "a,b", 5, True, None, {}, {"0": "a", "length": 1})
NO_PARAMS: tuple[Any, ...] = ("", "{}", 5, True, None, [], [["size", "small"]])


def demanding(**params: Any) -> dict[str, Any]:
    return {"model": "demanding", "prompt": "a tree", "params": {"style": "ink", **params}}


def names() -> Iterator[Case]:
    for name in NAMES:
        yield refused(f"a param named {name!r}", generation(demanding(**{name: 1})), f"params.{name}")
    yield refused("a param with an endless name", generation(demanding(**{"x" * 200_000: 1})), "params." + "x" * 100)
    yield refused("10,000 params", generation(demanding(**{f"x{n}": n for n in range(10_000)})), "params.x0")
    yield refused("params within params", generation(demanding(params={"size": "small"})), "params.params")
    yield refused("a param at the top", generation({**demanding(), "size": "small"}), "size")
    for name in (
        "__proto__",
        "constructor",
        "account_id",
        "credits",
        "reserved_credits",
        "status",
        "id",
        "key_id",
        "deadline_at",
    ):
        yield refused(f"{name} at the top", generation({**demanding(), name: 0}), name)


def values() -> Iterator[Case]:
    kinds = {"size": NO_OPTION, "strength": NO_NUMBER, "style": NO_TEXT, "tags": NO_ARRAY}
    for param, wrong in kinds.items():
        for value in wrong:
            yield refused(
                f"{param} as {str(value)[:30]!r} ({type(value).__name__})",
                generation(demanding(**{param: value})),
                f"params.{param}",
            )
    for value in NO_PARAMS:
        yield refused(f"params as {value!r}", generation({**demanding(), "params": value}), "params")
    yield refused("an array of 100,000 entries", generation(demanding(tags=["a"] * 100_000)), "params.tags")
    yield refused("steps below their least", generation(demanding(steps=0)), "params.steps")
    yield refused("half a step", generation(demanding(steps=1.5)), "params.steps")
    yield refused("steps beyond what is exact", generation(demanding(steps=2**53 + 2)), "params.steps")


CASES = [*names(), *values()]
