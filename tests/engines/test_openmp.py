import ctypes
from pathlib import Path

import pytest

from rivya.engines.openmp import library_path

pytestmark = pytest.mark.engines


def test_a_system_without_the_library_is_lent_another_packages_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = ctypes.CDLL

    def missing(name: str) -> ctypes.CDLL:
        if "/" not in name:
            raise OSError(name)
        return load(name)

    monkeypatch.setattr(ctypes, "CDLL", missing)
    folder = library_path(tmp_path)
    assert folder is not None
    ctypes.CDLL(f"{folder}/libgomp.so.1")
    assert library_path(tmp_path) == folder, "and again, over the link that is there"
