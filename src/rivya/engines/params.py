"""Read a job's params, which the catalog has already checked."""

from __future__ import annotations

from collections.abc import Mapping


def number(params: Mapping[str, object], key: str, default: float) -> float:
    value = params.get(key)
    return float(value) if isinstance(value, int | float) else default


def choice(params: Mapping[str, object], key: str, default: str) -> str:
    value = params.get(key)
    return value if isinstance(value, str) else default
