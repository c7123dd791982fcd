"""Static files: read once, served from memory under an address that changes whenever any of them does."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from litestar import Response, Router, get

from rivya.errors import NotFound
from rivya.http import Call

_FOLDER = Path(__file__).parent / "static"
_LEAST_WORTH_PACKING = 512
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".webmanifest": "application/json"}


@dataclass(frozen=True)
class StaticFile:
    path: str
    content: bytes

    @property
    def media_type(self) -> str:
        suffix = Path(self.path).suffix
        kind = _TYPES.get(suffix) or mimetypes.guess_type(self.path)[0] or "application/octet-stream"
        return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind

    @property
    def is_text(self) -> bool:
        return self.media_type.startswith("text/") or Path(self.path).suffix in _TYPES

    @cached_property
    def packed(self) -> bytes | None:
        """The content as gzip; None where that saves nothing."""
        if not self.is_text or len(self.content) < _LEAST_WORTH_PACKING:
            return None
        return gzip.compress(self.content, 9, mtime=0)


class Assets:
    """The files of a folder. All share one release in their addresses: modules may import each other by name."""

    def __init__(self, folder: Path) -> None:
        self.files: Mapping[str, StaticFile] = {
            path: StaticFile(path, file.read_bytes())
            for path, file in sorted((file.relative_to(folder).as_posix(), file) for file in folder.rglob("*"))
            if file.is_file()
        }
        whole = hashlib.sha256()
        for path, file in self.files.items():
            whole.update(f"{path}\0{len(file.content)}\0".encode())
            whole.update(file.content)
        self.release = whole.hexdigest()[:12]

    def url(self, path: str) -> str:
        """Return the address of a file. Raises KeyError when there is none: no page asks for what is not there."""
        return f"/static/{self.release}/{self.files[path].path}"


assets = Assets(_FOLDER)


@get("/{release:str}/{path:path}")
async def released(request: Call, release: str, path: str) -> Response[bytes]:
    """Serve a file for good; one that an older or newer version of the pages asks for, for now only."""
    if release != assets.release and f"{release}{path}" in assets.files:
        return _answer(request, f"{release}{path}", "no-cache")
    lasting = "public, max-age=31536000, immutable" if release == assets.release else "no-cache"
    return _answer(request, path.removeprefix("/"), lasting)


@get("/{name:str}")
async def unreleased(request: Call, name: str) -> Response[bytes]:
    """Serve a file that is asked for by its plain name."""
    return _answer(request, name, "no-cache")


def _answer(request: Call, path: str, caching: str) -> Response[bytes]:
    file = assets.files.get(path)
    if file is None:
        raise NotFound("There is nothing at this path.")
    headers = {
        "Cache-Control": caching,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    content = file.content
    if file.packed is not None and takes_gzip(request):
        content, headers["Content-Encoding"] = file.packed, "gzip"
    return Response(content, media_type=file.media_type, headers=headers)


def takes_gzip(request: Call) -> bool:
    """Return True if the client said that it reads gzip."""
    accepted = request.headers.get("accept-encoding", "")
    return any(
        part.split(";")[0].strip() == "gzip" and "q=0" not in part.replace(" ", "").split(";")
        for part in accepted.split(",")
    )


router = Router("/static", route_handlers=[released, unreleased])
