"""The server's life: start, stop, restart, alive."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from rivya.kit.embedded_postgres import launcher
from rivya.kit.embedded_postgres.binaries import (
    MINIMAL_ENVIRONMENT,
    Binaries,
    PostgresStartFailed,
    copy_binaries,
    find_binaries,
)
from rivya.kit.embedded_postgres.cluster import (
    DATABASE,
    OsUser,
    create_cluster,
    make_folder,
    make_socket_dir,
    write_file,
    write_settings,
)
from rivya.kit.embedded_postgres.log import open_log, tail
from rivya.kit.embedded_postgres.owner import give_up_ownership, is_owned, take_ownership
from rivya.kit.embedded_postgres.place import choose_user, find_cluster, make_data_dir
from rivya.kit.embedded_postgres.processes import (
    POLL_S,
    ServerWillNotEnd,
    end_processes,
    processes_on,
    read_postmaster,
    remove_stale_lock_files,
)
from rivya.kit.operator_error import OperatorError

SYSTEM_DIR = Path("/var/lib/rivya")
"""Where root puts a cluster whose data folder the server's user cannot enter."""

_START_S = 600  # recovery after a crash reads up to a gigabyte


class IncompatibleDataDir(OperatorError):
    """The data folder was made by another major version of PostgreSQL."""


class EmbeddedPostgres:
    """One server on one data folder, owned by this object from ``start`` to ``stop``.

    When the owning process ends, however it ends, the kernel frees the folder and on Linux tells the server to
    shut down; elsewhere the next ``start`` does. Not for use from several threads at once, nor after a fork.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        bin_dir: Path | None = None,
        run_as: str | None = None,
        max_connections: int = 100,
        system_dir: Path = SYSTEM_DIR,
        on_message: Callable[[str], None] | None = None,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self._bin_dir = bin_dir
        self._run_as = run_as
        self._max_connections = max_connections
        self._system_dir = system_dir
        self._say: Callable[[str], None] = on_message or _say_nothing
        self._locks: list[int] = []
        self._cluster: Path | None = None
        self._socket_dir: Path | None = None
        self._server: subprocess.Popen[bytes] | None = None
        # The kernel's "parent died" signal is about the thread that started the child, so this one does nothing
        # else and lives as long as the object.
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="postgres-starter")

    def start(self) -> str:
        """Return the DSN of a server that takes connections, with the database made if it is new.

        Does nothing if the server runs already. A server that a dead owner left behind is stopped first; what was
        committed before a crash is there. Raises DataDirInUse if another process owns the folder,
        IncompatibleDataDir if it was made by another major version, and PostgresStartFailed, with the end of the
        server's log, for everything else that PostgreSQL needs; OSError if a folder cannot be written. After an
        error nothing runs, and the folder is free unless it was this object's before.
        """
        if self.alive():
            return self.dsn
        was_owner = bool(self._locks)
        if not was_owner:
            make_data_dir(self.data_dir)
            self._own(self.data_dir)
        try:
            return self._start()
        except BaseException:
            self._end_server(patience_s=5)
            if not was_owner:
                self._disown()
            raise

    def stop(self, *, patience_s: float = 30) -> None:
        """Shut the server down and give the folder free; does nothing if neither is ours.

        Open transactions are rolled back (fast shutdown). If that takes longer than ``patience_s`` the server is
        stopped at once, 5 seconds later killed: it then recovers at the next start and nothing committed is lost.
        Raises ServerWillNotEnd, and keeps the folder, if even that does not end it.
        """
        if self._locks:
            self._end_server(patience_s=patience_s)
            self._disown()

    def restart(self) -> str:
        """Start the server again after a crash, or anew if it still runs; the folder stays ours all the while.

        The DSN stays the same. Raises what ``start`` raises.
        """
        self._end_server(patience_s=30)
        return self.start()

    def alive(self) -> bool:
        """Return False once the server's main process has ended."""
        return self._server is not None and self._server.poll() is None

    @property
    def pid(self) -> int | None:
        """The server's main process, None when it does not run."""
        return self._server.pid if self._server is not None and self.alive() else None

    @property
    def dsn(self) -> str:
        """How to connect, for asyncpg and libpq alike. Raises RuntimeError before the first ``start``."""
        if self._socket_dir is None:
            raise RuntimeError("The embedded PostgreSQL has not been started.")
        return _dsn(self._socket_dir)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> str:
        cluster = find_cluster(self.data_dir)
        server = choose_user(cluster, self._run_as)
        if cluster is None:
            cluster = self._make_place(server)
        if os.geteuid() == 0 and not server.can_enter(cluster):
            raise PostgresStartFailed(
                f"The user {server.name}, who runs PostgreSQL, can no longer enter {cluster}: let it pass through "
                "the folders above (chmod o+x)."
            )
        self._cluster = cluster
        pgdata = cluster / "data"
        if cluster.parent != self.data_dir and len(self._locks) == 1:
            # Two data folders may point here, if one was copied from the other.
            self._own(cluster)
        if left_over := processes_on(pgdata):
            self._say(f"Stopping a PostgreSQL that a former owner of {cluster} left behind: {sorted(left_over)}.")
            try:
                end_processes(pgdata, patience_s=30)
            except ServerWillNotEnd as error:
                raise PostgresStartFailed(str(error)) from error
        binaries = self._choose_binaries(pgdata)
        if not pgdata.exists():
            create_cluster(pgdata, binaries, server)
        self._socket_dir = make_socket_dir(cluster, server)
        remove_stale_lock_files(pgdata, self._socket_dir)
        write_settings(cluster, binaries, server, socket_dir=self._socket_dir, max_connections=self._max_connections)
        self._run(binaries, pgdata, server, cluster / "postgres.log")
        return self.dsn

    def _make_place(self, server: OsUser) -> Path:
        """Create the folder of a new cluster where the server's user can reach it."""
        inside = self.data_dir / "postgres"
        if os.geteuid() != 0:
            make_folder(inside, 0o700)
            return inside
        if server.can_enter(self.data_dir):
            make_folder(inside, 0o711)
            return inside
        self._system_dir.parent.mkdir(parents=True, exist_ok=True)
        make_folder(self._system_dir, 0o711)
        cluster = self._system_dir / secrets.token_hex(6)
        make_folder(cluster, 0o711)
        write_file(self.data_dir / "postgres.location", f"{cluster}\n")
        self._say(
            f"PostgreSQL keeps its data in {cluster}, because its user {server.name} cannot enter {self.data_dir}."
        )
        return cluster

    def _choose_binaries(self, pgdata: Path) -> Binaries:
        version_file = pgdata / "PG_VERSION"
        made_by = int(version_file.read_text("ascii").split(".")[0]) if version_file.exists() else None
        binaries = find_binaries(self._bin_dir, for_major=made_by)
        if made_by not in (None, binaries.major):
            raise IncompatibleDataDir(
                f"The data in {pgdata} was made by PostgreSQL {made_by}, and {binaries.bin_dir} holds PostgreSQL "
                f"{binaries.major}, which cannot read it. Set RIVYA_POSTGRES_BIN to the bin folder of a PostgreSQL "
                f"{made_by} to go on with it, or dump it with that version and restore it into an empty folder."
            )
        if os.geteuid() == 0 and binaries.install_dir is not None:
            inside = pgdata.parent.parent == self.data_dir
            into = self.data_dir / "postgres-binaries" if inside else self._system_dir / "binaries"
            return copy_binaries(binaries, into)
        return binaries

    def _run(self, binaries: Binaries, pgdata: Path, server: OsUser, log_file: Path) -> None:
        """Start the server and wait until it takes connections."""
        command = [binaries.program("postgres"), "-D", str(pgdata)]
        become = [str(number) for number in (os.getpid(), server.uid, server.gid)]
        with open_log(log_file) as log:
            begin = log.tell()
            self._server = self._starter.submit(
                subprocess.Popen,
                [sys.executable, "-I", "-S", launcher.__file__, *become, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=MINIMAL_ENVIRONMENT,
                # Ctrl-C in a terminal is the owner's to answer: it may have work to end before the database goes.
                start_new_session=True,
            ).result()
        deadline = time.monotonic() + _START_S
        while True:
            says = read_postmaster(pgdata)
            if says is not None and says.pid == self._server.pid and says.is_ready:
                return
            if self._server.poll() is not None:
                raise PostgresStartFailed(
                    f"PostgreSQL ended with {self._server.returncode} while it started. The end of {log_file}:\n"
                    + tail(log_file, begin)
                )
            if time.monotonic() > deadline:
                raise PostgresStartFailed(
                    f"PostgreSQL did not get ready within {_START_S} s. The end of {log_file}:\n"
                    + tail(log_file, begin)
                )
            time.sleep(POLL_S)

    def _end_server(self, *, patience_s: float) -> None:
        if self._server is None or self._cluster is None:
            return
        end_processes(self._cluster / "data", patience_s=patience_s)
        if self.alive():
            self._server.kill()  # it has not got so far as to be found on the folder
        self._server.wait()
        self._server = None
        if self._socket_dir is not None and self._socket_dir.parent != self._cluster:
            with suppress(OSError):
                self._socket_dir.rmdir()

    def _own(self, folder: Path) -> None:
        self._locks.append(take_ownership(folder))

    def _disown(self) -> None:
        while self._locks:
            give_up_ownership(self._locks.pop())


def _say_nothing(_: str) -> None:
    pass


def find_running(data_dir: Path) -> str | None:
    """Return the DSN of the server that a living owner runs on this folder, None if there is none.

    Raises PermissionError if the folder is not this user's to look into.
    """
    try:
        cluster = find_cluster(data_dir.absolute())
    except PostgresStartFailed:
        return None
    if cluster is None or not is_owned(data_dir):
        return None
    says = read_postmaster(cluster / "data")
    if says is None or says.socket_dir is None or not says.is_ready:
        return None
    if says.pid not in processes_on(cluster / "data"):
        return None
    return _dsn(says.socket_dir)


def _dsn(socket_dir: Path) -> str:
    return f"postgresql://{DATABASE}@/{DATABASE}?host={quote(str(socket_dir))}&port=5432"
