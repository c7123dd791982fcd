"""What the house rules look at: the files of the package, and the SQL in them."""

from __future__ import annotations

import re
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "src" / "rivya"

_COMMENT = re.compile(r"--[^\n]*")
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def files(*suffixes: str) -> list[Path]:
    """Return the package's own files that end so; what is vendored is not ours."""
    found = [path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix in suffixes]
    return sorted(path for path in found if not {"vendor", "__pycache__"} & set(path.parts))


def shown(path: Path) -> str:
    """Return the path as people say it."""
    return path.relative_to(PACKAGE).as_posix()


def without_comments(sql: str) -> str:
    return _COMMENT.sub("", sql)


def statements(queries: str) -> dict[str, str]:
    """Return the statements of a ``queries.sql`` by name, comments included."""
    parts = _NAME.split(queries)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
