"""A PostgreSQL data folder: making a new one, its settings, and who may come in."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rivya.kit.embedded_postgres.binaries import MINIMAL_ENVIRONMENT, Binaries, PostgresStartFailed

DATABASE = "rivya"
"""Also the role that owns it, which the product uses. It is no superuser; ``postgres`` is, for the operator."""

_SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES = 103  # sun_path holds 107 on Linux, 103 on macOS
_INCLUDE = "\n# Rewritten by Rivya at each start.\ninclude '../rivya.conf'\n"
_CREATE_DATABASE = f"""\
CREATE ROLE {DATABASE} LOGIN CREATEDB
GRANT pg_monitor TO {DATABASE}
CREATE DATABASE {DATABASE} OWNER {DATABASE}
"""


@dataclass(frozen=True)
class OsUser:
    """A user of the operating system, under whom PostgreSQL runs."""

    name: str
    uid: int
    gid: int

    def run(self, command: list[str], *, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a short command as this user, in a minimal environment; its output and errors come as one text."""
        become = self.uid != os.geteuid()
        return subprocess.run(
            command,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
            cwd="/",
            env=MINIMAL_ENVIRONMENT,
            user=self.uid if become else None,
            group=self.gid if become else None,
            extra_groups=[] if become else None,
        )

    def can_enter(self, folder: Path) -> bool:
        """Return True if this user may pass through the folder and all those above it; asked by trying."""
        return self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)]).returncode == 0


def user_by_id(uid: int) -> OsUser:
    """Return the user; raises PostgresStartFailed if the id has no name, without which there is no peer login."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise PostgresStartFailed(
            f"The user id {uid} has no name on this system. PostgreSQL needs one: add the user to /etc/passwd, "
            "or set RIVYA_DATABASE_URL to a server that runs elsewhere."
        ) from None
    return OsUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def make_folder(folder: Path, mode: int, owner: OsUser | None = None) -> None:
    """Create a folder of ours with this mode, whatever the umask; one that exists is left as it is."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    if owner is not None and owner.uid != os.geteuid():
        os.chown(folder, owner.uid, owner.gid)
    folder.chmod(mode)
    with suppress(PermissionError):
        sync_folder(folder.parent)


def write_file(path: Path, text: str) -> None:
    """Replace a small file, whole and durably; nothing is written if it says this already."""
    if path.exists() and path.read_text("utf-8", "surrogateescape") == text:
        return
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    with unfinished.open("x", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.chmod(0o644)
    unfinished.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create_cluster(pgdata: Path, binaries: Binaries, user: OsUser) -> None:
    """Make a data folder with an empty database in it.

    It appears whole and durable or not at all: what a crash left half made is thrown away by the next call.
    Raises PostgresStartFailed with what PostgreSQL said.
    """
    for given_up in pgdata.parent.glob(f"{pgdata.name}.new-*"):
        shutil.rmtree(given_up, ignore_errors=True)
    # A name of its own each time: an initdb whose owner was killed may still be writing to the last one.
    unfinished = pgdata.with_name(f"{pgdata.name}.new-{secrets.token_hex(4)}")
    make_folder(unfinished, 0o700, user)
    initdb = [binaries.program("initdb"), "-D", str(unfinished)]
    # The C.UTF-8 of PostgreSQL itself sorts alike on every machine and knows the letters beyond ASCII.
    builtin_locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if binaries.major >= 17 else []
    create = ["--username=postgres", "--encoding=UTF8", "--locale=C", *builtin_locale, "--data-checksums"]
    login = ["--auth-local=peer", "--auth-host=reject"]
    # Nothing is synced until all is there, then everything once.
    _must_succeed(user, [*initdb, *create, *login, "--no-sync", "--no-instructions"])
    single = [binaries.program("postgres"), "--single", "-D", str(unfinished)]
    _must_succeed(user, [*single, "-c", "fsync=off", "-c", "exit_on_error=on", "postgres"], stdin=_CREATE_DATABASE)
    # As that user too: root writes nothing where an unprivileged user could have laid a symbolic link.
    append = ["/bin/sh", "-c", 'cat >> "$1"', "sh", str(unfinished / "postgresql.conf")]
    _must_succeed(user, append, stdin=_INCLUDE)
    _must_succeed(user, [*initdb, "--sync-only"])
    unfinished.rename(pgdata)
    sync_folder(pgdata.parent)


def _must_succeed(user: OsUser, command: list[str], *, stdin: str = "") -> None:
    done = user.run(command, stdin=stdin)
    if done.returncode != 0:
        raise PostgresStartFailed(f"{command[0]}, run as {user.name}, failed:\n{done.stdout.strip()}")


def make_socket_dir(cluster: Path, server: OsUser) -> Path:
    """Return a private folder for the socket: in the cluster, or in /tmp if no DSN could carry that path.

    It may be too long, and clients take a comma for the end of a host. The folder in /tmp is remembered, so that
    the DSN stays the same.
    """
    inside = cluster / "socket"
    if len(os.fsencode(inside / _SOCKET_NAME)) <= _SOCKET_PATH_BYTES and "," not in str(inside):
        make_folder(inside, 0o700, server)
        return inside
    memory = cluster / "socket.location"
    if memory.exists():
        remembered = Path(memory.read_text("utf-8").strip())
        with suppress(FileExistsError):
            remembered.mkdir(mode=0o700)
            os.chown(remembered, server.uid, server.gid)
        status = remembered.lstat()
        if status.st_uid == server.uid and status.st_mode == stat.S_IFDIR | 0o700:
            return remembered
    # Not TMPDIR, which may be long too.
    fresh = Path(tempfile.mkdtemp(prefix="rivya-", dir="/tmp"))
    os.chown(fresh, server.uid, server.gid)
    write_file(memory, f"{fresh}\n")
    return fresh


def write_settings(
    cluster: Path, binaries: Binaries, server: OsUser, *, socket_dir: Path, max_connections: int
) -> None:
    """Write ``rivya.conf``, and the files that let the server's user and ours in, by what the kernel says they are.

    ``ALTER SYSTEM`` still overrides a setting.
    """
    names = {server.name, user_by_id(os.geteuid()).name}
    write_file(
        cluster / "pg_hba.conf",
        "local all all peer map=rivya\nlocal replication all peer map=rivya\n",
    )
    write_file(
        cluster / "pg_ident.conf",
        "".join(f'rivya "{name}" {role}\n' for name in sorted(names) for role in (DATABASE, "postgres")),
    )
    has_lz4 = _supports(cluster / "data", binaries, server, "default_toast_compression=lz4")
    settings = {
        "hba_file": _quoted(str(cluster / "pg_hba.conf")),
        "ident_file": _quoted(str(cluster / "pg_ident.conf")),
        "listen_addresses": "''",
        "port": "5432",
        "unix_socket_directories": _quoted('"' + str(socket_dir).replace('"', '""') + '"'),
        "unix_socket_permissions": "0700",
        "max_connections": str(max_connections),
        "shared_buffers": "128MB",
        "huge_pages": "off",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "min_wal_size": "80MB",
        "max_wal_size": "1GB",
        "wal_compression": "lz4" if has_lz4 else "on",
        "default_toast_compression": "lz4" if has_lz4 else "pglz",
        "jit": "off",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "idle_in_transaction_session_timeout": "60s",
        "logging_collector": "off",
        "log_destination": "'stderr'",
        "log_line_prefix": "'%m [%p] '",
        "log_checkpoints": "off",
        # Neither statements nor the values that broke a constraint: they may hold what people wrote.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }
    write_file(cluster / "rivya.conf", _lines(settings.items()))


def _supports(pgdata: Path, binaries: Binaries, user: OsUser, setting: str) -> bool:
    """Return True if this build takes the setting, without a look at the folder's own configuration."""
    name = setting.partition("=")[0]
    command = [binaries.program("postgres"), "-D", str(pgdata), "-c", "config_file=/dev/null"]
    return user.run([*command, "-c", setting, "-C", name]).returncode == 0


def _lines(settings: Iterable[tuple[str, str]]) -> str:
    return "# Written by Rivya at each start: changes are lost.\n" + "".join(
        f"{name} = {value}\n" for name, value in settings
    )


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
