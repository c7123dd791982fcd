"""GNU's OpenMP library, for engines on a machine that has no compiler.

xllamacpp's wheel expects ``libgomp.so.1`` from the system, which a minimal Debian does not have; ncnn's wheel brings
its own copy under another name. Where the system has none, that copy is put into a folder under the expected name.
"""

from __future__ import annotations

import ctypes
from importlib import metadata
from pathlib import Path

_LIBRARY = "libgomp.so.1"
_BRINGER = "ncnn"


def library_path(work_dir: Path) -> str | None:
    """Return a folder for LD_LIBRARY_PATH that holds the library, None if the system has it or nobody brings it."""
    try:
        ctypes.CDLL(_LIBRARY)
    except OSError:
        brought = _brought()
        if brought is None:
            return None
        folder = work_dir / "lib"
        folder.mkdir(parents=True, exist_ok=True)
        link = folder / _LIBRARY
        link.unlink(missing_ok=True)
        link.symlink_to(brought)
        return str(folder)
    return None


def _brought() -> Path | None:
    try:
        files = metadata.files(_BRINGER) or []
    except metadata.PackageNotFoundError:
        return None
    return next((Path(str(file.locate())) for file in files if file.name.startswith("libgomp")), None)
