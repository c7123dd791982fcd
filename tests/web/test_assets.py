"""Static files: one release in all addresses, packed once, and never older than the page that asks."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from rivya.web.assets import Assets


def folder(path: Path, **files: str) -> Path:
    for name, content in files.items():
        file = path / name.replace("_", ".")
        file.write_text(content)
    return path


def test_the_release_changes_with_any_file(tmp_path: Path) -> None:
    first = Assets(folder(tmp_path, a_css="a{}", b_js="1"))
    again = Assets(tmp_path)
    changed = Assets(folder(tmp_path, b_js="2"))
    assert first.release == again.release
    assert first.release != changed.release
    assert first.url("a.css") == f"/static/{first.release}/a.css"


def test_a_page_cannot_ask_for_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        Assets(tmp_path).url("nothing.css")


def test_texts_are_packed_where_it_saves_something(tmp_path: Path) -> None:
    assets = Assets(folder(tmp_path, long_css="a { color: red }\n" * 100, short_css="a{}", picture_png="x" * 1000))
    packed = assets.files["long.css"].packed
    assert packed is not None
    assert gzip.decompress(packed) == assets.files["long.css"].content
    assert assets.files["short.css"].packed is None
    assert assets.files["picture.png"].packed is None


def test_scripts_and_styles_have_the_types_that_a_browser_demands(tmp_path: Path) -> None:
    files = Assets(folder(tmp_path, a_css="", b_js="", c_svg="")).files
    assert [files[name].media_type for name in ("a.css", "b.js", "c.svg")] == [
        "text/css; charset=utf-8",
        "text/javascript; charset=utf-8",
        "image/svg+xml",
    ]
