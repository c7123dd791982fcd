"""Where a cluster is, and who runs its server."""

from __future__ import annotations

import os
import pwd
from contextlib import suppress
from pathlib import Path

from rivya.kit.embedded_postgres.binaries import PostgresStartFailed
from rivya.kit.embedded_postgres.cluster import OsUser, make_folder, user_by_id


def find_cluster(data_dir: Path) -> Path | None:
    """Return the folder of the cluster that belongs to this data folder, None if there never was one."""
    location = data_dir / "postgres.location"
    if location.exists():
        cluster = Path(location.read_text("utf-8", "surrogateescape").strip())
        if not cluster.is_dir():
            raise PostgresStartFailed(
                f"{location} says that the data is in {cluster}, which is not there. Put it back; or, to begin with "
                f"an empty database, delete {location}."
            )
        return cluster
    return data_dir / "postgres" if (data_dir / "postgres").exists() else None


def make_data_dir(data_dir: Path) -> None:
    """Create the data folder if need be, closed to other users; root lets them pass through, not look."""
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    make_folder(data_dir, 0o711 if os.geteuid() == 0 else 0o700)


def choose_user(cluster: Path | None, run_as: str | None) -> OsUser:
    """Return who is to run the server: ourselves, or if we are root the owner of the files that exist."""
    ourselves = user_by_id(os.geteuid())
    if ourselves.uid != 0:
        if run_as not in (None, ourselves.name):
            raise PostgresStartFailed(f"Only root can run PostgreSQL as {run_as}; this is {ourselves.name}.")
        return ourselves
    if cluster is not None and (cluster / "data").exists():
        owner = user_by_id((cluster / "data").stat().st_uid)
        if owner.uid == 0 or run_as not in (None, owner.name):
            raise PostgresStartFailed(
                f"{cluster / 'data'} belongs to {owner.name}, so PostgreSQL cannot run as "
                f"{run_as or 'an unprivileged user'} on it: chown -R it to the user meant."
            )
        return owner
    for name in [run_as] if run_as else ["postgres", "nobody"]:
        with suppress(KeyError):
            user = user_by_id(pwd.getpwnam(name).pw_uid)
            if user.uid != 0:
                return user
    raise PostgresStartFailed(
        f"PostgreSQL does not run as root, and there is no unprivileged user {run_as or 'nobody'}."
    )
