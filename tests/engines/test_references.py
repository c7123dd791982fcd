"""Each engine takes the files that it knows and refuses the others: none is ignored."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rivya.catalog.loader import load
from rivya.engines.base import InvalidInput, Job, Reference
from rivya.engines.registry import ENGINES, installed

pytestmark = pytest.mark.engines

MODELS = load()
NAMES = sorted(name for name, entry in ENGINES.items() if entry.kind == "files")
MIME_TYPES = {"image": "image/png", "video": "video/mp4", "audio": "audio/mpeg"}


@pytest.fixture(scope="module")
def engines() -> dict[str, Any]:
    return {}


def run(engines: dict[str, Any], name: str, folder: Path, kinds: Sequence[str]) -> None:
    if not installed(name):
        pytest.skip(f"{name} is not installed")
    if name not in engines:
        module, _, made = ENGINES[name].target.partition(":")
        engines[name] = getattr(import_module(module), made)()
    path = folder / "given"
    Image.new("RGB", (16, 16)).save(path, "PNG")
    references = [Reference(kind, path, MIME_TYPES[kind]) for kind in kinds]
    engines[name].run(Job("job", folder, "a hill", {}, references), lambda _: None)


def kinds_of(name: str) -> list[str]:
    rule = MODELS[name].reference_media
    return list(rule.kinds) if rule is not None else []


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in NAMES for kind in MIME_TYPES if kind not in kinds_of(name)]
)
def test_a_file_of_a_kind_that_the_model_does_not_take_is_refused(
    engines: dict[str, Any], tmp_path: Path, name: str, kind: str
) -> None:
    with pytest.raises(InvalidInput, match=r"^params\.referenceMediaItems.*takes"):
        run(engines, name, tmp_path, [kind])
    assert [path.name for path in tmp_path.iterdir()] == ["given"]


@pytest.mark.parametrize("name", [name for name in NAMES if kinds_of(name)])
def test_more_files_than_the_model_takes_are_refused(engines: dict[str, Any], tmp_path: Path, name: str) -> None:
    rule = MODELS[name].reference_media
    assert rule is not None
    with pytest.raises(InvalidInput, match=r"^params\.referenceMediaItems.*one file"):
        run(engines, name, tmp_path, kinds_of(name) * (rule.max_files + 1))


@pytest.mark.parametrize("name", ["rivya-isolate", "rivya-upscale"])
def test_a_file_that_must_be_there_is_asked_for(engines: dict[str, Any], tmp_path: Path, name: str) -> None:
    assert MODELS[name].reference_media.min_files == 1
    with pytest.raises(InvalidInput, match=r"^params\.referenceMediaItems.*needed"):
        run(engines, name, tmp_path, [])
