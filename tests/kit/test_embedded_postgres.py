"""The embedded server, for real: every test starts PostgreSQL, and none leaves a process behind."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import rivya
from rivya.kit.embedded_postgres import (
    DataDirInUse,
    EmbeddedPostgres,
    IncompatibleDataDir,
    PostgresStartFailed,
    find_running,
)
from rivya.kit.embedded_postgres import binaries as postgres_binaries
from rivya.kit.embedded_postgres import processes as postgres_processes
from rivya.kit.embedded_postgres.processes import is_alive, processes_on

AS_ROOT = os.geteuid() == 0
POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")

only_as_root = pytest.mark.skipif(not AS_ROOT, reason="is about what happens when root starts it")
only_on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
needs_postgres_15 = pytest.mark.skipif(not POSTGRES_15.exists(), reason="needs Debian's PostgreSQL 15")

Make = Callable[..., EmbeddedPostgres]

OWNER = """
import sys, signal
from pathlib import Path
from rivya.kit.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), system_dir=Path(sys.argv[2]))
print(server.start(), server.pid, flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture(scope="module")
def system_dir() -> Iterator[Path]:
    """Stands for /var/lib/rivya; not below pytest's folders, which are closed to other users."""
    folder = Path(tempfile.mkdtemp(prefix="rivya-system-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def make(data_dir: Path, system_dir: Path) -> Iterator[Make]:
    """Make servers that are stopped at the end, whatever the test did to them."""
    made: list[EmbeddedPostgres] = []

    def make_one(folder: Path = data_dir, **parameters: Any) -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(folder, system_dir=system_dir, **parameters))
        return made[-1]

    yield make_one
    for server in made:
        server.stop(patience_s=5)
        assert not server.alive()
        if cluster_of(server.data_dir).parent == system_dir:
            shutil.rmtree(cluster_of(server.data_dir), ignore_errors=True)


@contextmanager
def owner_process(
    data_dir: Path, system_dir: Path, *, python: str = sys.executable, **popen: Any
) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """Run an owner in a process of its own; yields it, the DSN and the postmaster's id. It is killed at the end."""
    site_packages = Path(asyncpg.__file__).parents[1]
    environment = {"PYTHONPATH": f"{Path(rivya.__file__).parents[1]}:{site_packages}"}
    process = subprocess.Popen(
        [python, "-c", OWNER, str(data_dir), str(system_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd="/",
        **popen,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        answer = process.stdout.readline().split()
        assert len(answer) == 2, "the owner did not start"
        yield process, answer[0], int(answer[1])
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def query(dsn: str, *statements: str, user: str | None = None) -> Any:
    """Run the statements and return the one value of the last."""

    async def run() -> Any:
        connection = await asyncpg.connect(dsn, user=user, timeout=10)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(run())


def cluster_of(data_dir: Path) -> Path:
    location = data_dir / "postgres.location"
    return Path(location.read_text().strip()) if location.exists() else data_dir / "postgres"


def until(condition: Callable[[], bool], bound_s: float = 10) -> None:
    deadline = time.monotonic() + bound_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def as_server_user(data_dir: Path) -> dict[str, Any]:
    owner = (cluster_of(data_dir) / "data").stat()
    return {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if AS_ROOT else {}


# What one gets


def test_a_new_folder_gets_a_durable_utf8_database(make: Make) -> None:
    dsn = make(max_connections=33).start()

    def shown(name: str) -> str:
        return query(dsn, f"show {name}")

    names = ("data_checksums", "fsync", "full_page_writes", "synchronous_commit", "server_encoding", "timezone")
    assert [shown(name) for name in names] == ["on", "on", "on", "on", "UTF8", "UTC"]
    assert (shown("max_connections"), shown("jit"), shown("listen_addresses")) == ("33", "off", "")
    assert query(dsn, "select upper('é') || ' ' || current_user || ' ' || current_database()") == "É rivya rivya"


def test_the_products_role_is_no_superuser_but_the_operator_has_one(make: Make) -> None:
    dsn = make().start()
    is_superuser = "select rolsuper from pg_roles where rolname = current_user"
    assert query(dsn, is_superuser) is False
    assert query(dsn, is_superuser, user="postgres") is True
    assert query(dsn, "create table made_by_the_product ()", "select 1") == 1


def test_rows_are_there_after_a_stop_and_a_start(make: Make) -> None:
    server = make()
    query(server.start(), "create table t (n int)", "insert into t values (42)", "select 1")
    server.stop()
    assert not server.alive()
    assert server.pid is None
    assert query(make().start(), "select n from t") == 42


def test_starting_what_runs_changes_nothing(make: Make) -> None:
    server = make()
    dsn, pid = server.start(), server.pid
    assert (server.start(), server.pid) == (dsn, pid)


@only_on_linux
def test_nothing_listens_on_the_network(make: Make) -> None:
    server = make()
    server.start()
    links = [link.readlink().name for link in Path(f"/proc/{server.pid}/fd").iterdir()]
    sockets = {name.removeprefix("socket:[").removesuffix("]") for name in links if name.startswith("socket:[")}
    listening = {
        line.split()[9]
        for table in ("tcp", "tcp6", "udp", "udp6")
        if Path("/proc/net", table).exists()
        for line in Path("/proc/net", table).read_text().splitlines()[1:]
    }
    assert sockets
    assert not sockets & listening


def test_a_path_too_long_for_a_socket_gets_a_short_one_that_stays_the_same(tmp_path: Path, system_dir: Path) -> None:
    # Only a cluster inside the data folder has a long path.
    base = Path(tempfile.mkdtemp(prefix="rivya-long-"))
    base.chmod(0o711)
    try:
        server = EmbeddedPostgres(base / ("long" * 30), system_dir=system_dir)
        dsn = server.start()
        assert query(dsn, "select 1") == 1
        assert Path(dsn.partition("host=")[2].partition("&")[0]).stat().st_mode & 0o777 == 0o700
        server.stop()
        assert server.start() == dsn
        assert query(dsn, "select 1") == 1
        server.stop()
        assert not list(Path("/tmp").glob(f"{Path(dsn.partition('host=')[2].partition('&')[0]).name}*"))
    finally:
        shutil.rmtree(base)


def test_a_folder_with_odd_characters_works(tmp_path: Path, make: Make) -> None:
    odd = Path(tempfile.mkdtemp(prefix="rivya odd ', \\ é%20& "))
    odd.chmod(0o711)
    try:
        server = make(odd)
        assert query(server.start(), "select 1") == 1
        assert find_running(odd) == server.dsn
        server.stop()
    finally:
        shutil.rmtree(odd)


def test_the_callers_environment_does_not_reach_the_server(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {
        "PGDATA": "/nowhere",
        "PGPORT": "1",
        "PGHOST": "example.invalid",
        "PGUSER": "x",
        "PGOPTIONS": "-c nonsense=1",
    }
    for name, value in {**wrong, "LC_ALL": "xx_XX.nonsense", "LANG": "tr_TR.UTF-8", "TZ": "Asia/Tokyo"}.items():
        monkeypatch.setenv(name, value)
    server = make()
    dsn = server.start()
    for name in wrong:
        monkeypatch.delenv(name)
    assert query(dsn, "show timezone") == "UTC"


@only_on_linux
def test_ctrl_c_in_the_owners_terminal_does_not_reach_the_server(make: Make) -> None:
    server = make()
    server.start()
    assert server.pid is not None
    assert os.getsid(server.pid) != os.getsid(0)


def test_a_server_started_by_a_thread_outlives_it(make: Make) -> None:
    server = make()
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    assert query(server.dsn, "select pg_sleep(0.2)", "select 1") == 1
    assert server.alive()


@needs_postgres_15
def test_another_installation_can_be_used(make: Make) -> None:
    dsn = make(bin_dir=POSTGRES_15).start()
    assert query(dsn, "show server_version").startswith("15.")
    assert query(dsn, "show data_checksums") == "on"
    assert query(dsn, "show default_toast_compression") == "lz4"


def test_an_installation_that_is_not_there_is_named(make: Make, tmp_path: Path) -> None:
    with pytest.raises(PostgresStartFailed, match=str(tmp_path / "nothing" / "postgres")):
        make(bin_dir=tmp_path / "nothing").start()


# Who may come in


@only_as_root
def test_another_os_user_is_refused(make: Make, data_dir: Path) -> None:
    server = make(run_as="postgres" if _exists("postgres") else "daemon")
    dsn = server.start()

    def try_as(user: str, role: str) -> subprocess.CompletedProcess[str]:
        entry = pwd.getpwnam(user)
        psql = postgres_binaries.find_binaries(None).program("psql")
        return subprocess.run(
            [psql, dsn.replace("rivya@", f"{role}@"), "-Atc", "select 1"],
            user=entry.pw_uid,
            group=entry.pw_gid,
            extra_groups=[],
            capture_output=True,
            text=True,
            env={},
            cwd="/",
        )

    assert "Permission denied" in try_as("nobody", "rivya").stderr
    # And if the folder stood open, it is still not one of the two users.
    socket_dir = cluster_of(data_dir) / "socket"
    socket_dir.chmod(0o755)
    (socket_dir / ".s.PGSQL.5432").chmod(0o777)
    for role in ("rivya", "postgres", "nobody"):
        assert "Peer authentication failed" in try_as("nobody", role).stderr
    assert try_as(socket_dir.owner(), "rivya").stdout == "1\n"


def _exists(user: str) -> bool:
    return any(entry.pw_name == user for entry in pwd.getpwall())


@only_as_root
@pytest.mark.parametrize("user", ["root", "no-such-user"])
def test_a_user_who_cannot_run_it_is_refused(make: Make, user: str) -> None:
    with pytest.raises(PostgresStartFailed, match=user):
        make(run_as=user).start()


# One owner


def test_a_second_owner_is_told_the_folder_and_the_first(make: Make, data_dir: Path) -> None:
    make().start()
    with pytest.raises(DataDirInUse, match=f"{data_dir} is in use by process {os.getpid()}"):
        make().start()


def test_a_copied_data_dir_does_not_open_the_same_cluster_twice(make: Make, data_dir: Path, tmp_path: Path) -> None:
    make().start()
    if not (data_dir / "postgres.location").exists():
        pytest.skip("the cluster is in the data folder itself")
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(data_dir / "postgres.location", copy)
    with pytest.raises(DataDirInUse):
        make(copy).start()


def test_another_process_cannot_take_the_folder(make: Make, data_dir: Path, system_dir: Path) -> None:
    with owner_process(data_dir, system_dir) as (owner, _, _), pytest.raises(DataDirInUse, match=str(owner.pid)):
        make().start()


def test_one_who_was_refused_leaves_the_owner_alone(make: Make) -> None:
    server, refused = make(), make()
    dsn = server.start()
    with pytest.raises(DataDirInUse):
        refused.start()
    refused.stop()
    assert query(dsn, "select 1") == 1
    server.stop()
    assert query(refused.start(), "select 1") == 1


@only_on_linux
def test_the_server_does_not_hold_the_lock(make: Make) -> None:
    server = make()
    server.start()
    held = {str(link.readlink()) for link in Path(f"/proc/{server.pid}/fd").iterdir()}
    assert not [path for path in held if path.endswith("owner.lock")]


def test_a_forked_child_does_not_keep_the_folder(make: Make) -> None:
    server = make()
    server.start()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(write)
        os.read(read, 1)  # lives until the parent closes the pipe
        os._exit(0)
    os.close(read)
    try:
        server.stop()
        assert query(make().start(), "select 1") == 1
    finally:
        os.close(write)
        os.waitpid(child, 0)


# Crashes


@only_on_linux
def test_an_owner_killed_leaves_no_server_and_loses_nothing(make: Make, data_dir: Path, system_dir: Path) -> None:
    with owner_process(data_dir, system_dir) as (owner, dsn, postmaster):
        query(dsn, "create table t (n int)", "insert into t values (42)", "select 1")
        owner.kill()
        until(lambda: not processes_on(cluster_of(data_dir) / "data"))
        assert not is_alive(postmaster) or not Path(f"/proc/{postmaster}/cwd").exists()
    assert query(make().start(), "select n from t") == 42


@only_on_linux
def test_the_next_owner_need_not_wait_for_the_last_ones_server(make: Make, data_dir: Path, system_dir: Path) -> None:
    with owner_process(data_dir, system_dir) as (owner, dsn, _):
        query(dsn, "create table t (n int)", "insert into t values (42)", "select 1")
        owner.kill()
        owner.wait()
        assert query(make().start(), "select n from t") == 42


@only_on_linux
def test_everything_killed_at_once_loses_nothing(make: Make, data_dir: Path, system_dir: Path) -> None:
    with owner_process(data_dir, system_dir) as (owner, dsn, _):
        query(dsn, "create table t (n int)", "insert into t values (42)", "select 1")
        owner.send_signal(signal.SIGSTOP)
        for pid in processes_on(cluster_of(data_dir) / "data"):
            with suppress(ProcessLookupError):  # a backend may end by itself, as the query's does
                os.kill(pid, signal.SIGKILL)
        owner.kill()
        owner.wait()
        assert query(make().start(), "select n from t") == 42


def test_a_server_left_over_is_stopped_first(make: Make, data_dir: Path) -> None:
    # As on a system where the kernel does not tell the server that its owner died.
    server = make()
    query(server.start(), "create table t (n int)", "insert into t values (42)", "select 1")
    program = Path(f"/proc/{server.pid}/exe").readlink() if sys.platform == "linux" else None
    program = program or Path(postgres_binaries.find_binaries(None).program("postgres"))
    server.stop()
    pgdata = cluster_of(data_dir) / "data"
    left_over = subprocess.Popen(
        [program, "-D", str(pgdata)], env={}, cwd="/", stderr=subprocess.DEVNULL, **as_server_user(data_dir)
    )
    try:
        until(lambda: (pgdata / "postmaster.pid").exists() and "ready" in (pgdata / "postmaster.pid").read_text())
        said: list[str] = []
        again = make(on_message=said.append)
        assert query(again.start(), "select n from t") == 42
        assert left_over.wait(timeout=5) == 0
        assert again.pid != left_over.pid
        assert str(left_over.pid) in said[0]
    finally:
        left_over.kill()
        left_over.wait()


@only_on_linux
def test_a_killed_postmaster_comes_back_although_a_backend_lives_on(make: Make, data_dir: Path) -> None:
    server = make()
    dsn = server.start()
    query(dsn, "create table t (n int)", "insert into t values (42)", "select 1")

    async def crash() -> None:
        connection = await asyncpg.connect(dsn)
        backend = connection.get_server_pid()
        os.kill(backend, signal.SIGSTOP)  # it cannot notice that the postmaster is gone, and keeps the memory
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        await asyncio.to_thread(until, lambda: not server.alive())
        assert backend in processes_on(cluster_of(data_dir) / "data")
        assert server.restart() == dsn
        assert backend not in processes_on(cluster_of(data_dir) / "data")
        connection.terminate()

    asyncio.run(crash())
    assert query(dsn, "select n from t") == 42
    with pytest.raises(DataDirInUse):
        make().start()


def test_a_server_deaf_to_stop_is_killed(make: Make, monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    monkeypatch.setattr(postgres_processes, "_IMMEDIATE_SHUTDOWN_S", 0.1)
    server = make()
    query(server.start(), "create table t (n int)", "insert into t values (42)", "select 1")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    server.stop(patience_s=0.1)
    assert not processes_on(cluster_of(data_dir) / "data")
    assert query(make().start(), "select n from t") == 42


def test_stop_does_not_wait_for_open_transactions(make: Make) -> None:
    server = make()
    dsn = server.start()

    async def run() -> float:
        connection = await asyncpg.connect(dsn)
        await connection.execute("begin; create table never ()")
        begin = time.monotonic()
        await asyncio.to_thread(server.stop)
        connection.terminate()
        return time.monotonic() - begin

    assert asyncio.run(run()) < 5
    assert query(make().start(), "select to_regclass('never')") is None


def test_a_pid_that_now_is_another_programs_does_not_stop_the_start(make: Make, data_dir: Path) -> None:
    server = make()
    server.start()
    pgdata = cluster_of(data_dir) / "data"
    pid_file = (pgdata / "postmaster.pid").read_text()
    pid = server.pid
    server.stop()
    innocent = subprocess.Popen(["sleep", "60"], **as_server_user(data_dir))
    try:
        (pgdata / "postmaster.pid").write_text(pid_file.replace(str(pid), str(innocent.pid), 1))
        (pgdata.parent / "socket" / ".s.PGSQL.5432.lock").write_text(f"{innocent.pid}\n")
        assert query(make().start(), "select 1") == 1
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_a_creation_cut_short_begins_anew(make: Make, data_dir: Path) -> None:
    server = make()
    server.start()
    server.stop()
    cluster = cluster_of(data_dir)
    (cluster / "data").rename(cluster / "data.new-1")
    (cluster / "data.new-1" / "PG_VERSION").unlink()
    assert query(make().start(), "select 1") == 1
    assert not list(cluster.glob("data.new*"))


# What goes wrong is said


def test_a_failed_start_tells_the_end_of_the_log_and_frees_the_folder(make: Make, data_dir: Path) -> None:
    server = make()
    server.start()
    server.stop()
    overrides = cluster_of(data_dir) / "data" / "postgresql.auto.conf"
    overrides.write_text("nonsense_setting = 1\n")
    with pytest.raises(PostgresStartFailed, match="nonsense_setting"):
        server.start()
    assert not server.alive()
    overrides.write_text("")
    assert query(make().start(), "select 1") == 1


@needs_postgres_15
def test_another_major_version_is_refused_with_what_to_do(make: Make) -> None:
    server = make(bin_dir=POSTGRES_15)
    server.start()
    server.stop()
    with pytest.raises(IncompatibleDataDir, match=r"PostgreSQL 15.*PostgreSQL 18.*RIVYA_POSTGRES_BIN.*dump"):
        make().start()
    assert query(make(bin_dir=POSTGRES_15).start(), "show server_version").startswith("15.")


def test_a_cluster_that_went_missing_is_not_replaced_by_an_empty_one(make: Make, data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "postgres.location").write_text(f"{data_dir}/gone\n")
    with pytest.raises(PostgresStartFailed, match="gone"):
        make().start()


def test_the_log_is_bounded_at_each_start(make: Make, data_dir: Path) -> None:
    server = make()
    server.start()
    server.stop()
    log = cluster_of(data_dir) / "postgres.log"
    log.write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    server.start()
    assert log.stat().st_size < 100_000
    assert sorted(path.name for path in log.parent.glob("postgres.log*")) == ["postgres.log", "postgres.log.1"]


def test_the_log_does_not_hold_what_people_wrote(make: Make, data_dir: Path) -> None:
    dsn = make().start()
    with pytest.raises(asyncpg.UniqueViolationError):
        query(dsn, "create table t (n text unique)", "insert into t values ('my secret prompt'), ('my secret prompt')")
    log = (cluster_of(data_dir) / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "my secret prompt" not in log


# Finding it


def test_a_running_server_is_found_by_its_folder(make: Make, data_dir: Path) -> None:
    assert find_running(data_dir) is None
    server = make()
    assert find_running(data_dir) is None
    server.start()
    assert find_running(data_dir) == server.dsn
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: find_running(data_dir) is None)  # although its owner has not looked yet
    server.restart()
    assert find_running(data_dir) == server.dsn
    server.stop()
    assert find_running(data_dir) is None


def test_another_processes_server_is_found_and_usable(data_dir: Path, system_dir: Path) -> None:
    with owner_process(data_dir, system_dir) as (owner, dsn, _):
        assert find_running(data_dir) == dsn
        assert query(dsn, "select 1") == 1
        owner.communicate("", timeout=10)  # the end of its input: it stops by itself
        assert owner.returncode == 0
        assert find_running(data_dir) is None


# Root


@only_as_root
@only_on_linux
def test_root_runs_a_copy_as_somebody_else_and_opens_no_folder(
    make: Make, data_dir: Path, system_dir: Path, tmp_path: Path
) -> None:
    installed = postgres_binaries.find_binaries(None).bin_dir
    not_ours = [tmp_path, *tmp_path.parents, installed, *installed.parents, system_dir.parent]
    before = [(path, path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in not_ours]
    said: list[str] = []
    server = make(on_message=said.append)
    server.start()

    assert Path(f"/proc/{server.pid}").stat().st_uid != 0
    assert Path(f"/proc/{server.pid}/exe").readlink().is_relative_to(system_dir)
    assert cluster_of(data_dir).parent == system_dir
    assert str(cluster_of(data_dir)) in said[0]
    groups = [line for line in Path(f"/proc/{server.pid}/status").read_text().splitlines() if "Groups:" in line]
    assert groups[0].split()[1:] == []
    assert [(path, path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in not_ours] == before


@only_as_root
@only_on_linux
def test_a_folder_that_the_user_can_enter_holds_everything(make: Make) -> None:
    base = Path(tempfile.mkdtemp(prefix="rivya-open-"))
    base.chmod(0o755)
    try:
        server = make(base / "data", run_as="nobody")
        assert query(server.start(), "select 1") == 1
        assert Path(f"/proc/{server.pid}/exe").readlink().is_relative_to(base / "data")
        assert Path(f"/proc/{server.pid}/cwd").readlink() == base / "data" / "postgres" / "data"
        assert Path(f"/proc/{server.pid}").stat().st_uid == pwd.getpwnam("nobody").pw_uid
        server.stop()
        # Whoever owns the files runs it, also when the default would now be another.
        again = make(base / "data")
        assert query(again.start(), "select 1") == 1
        again.stop()
        with pytest.raises(PostgresStartFailed, match="belongs to nobody"):
            make(base / "data", run_as="daemon").start()
    finally:
        shutil.rmtree(base)


@only_as_root
def test_two_first_starts_at_once_share_one_copy(tmp_path: Path) -> None:
    system_dir = Path(tempfile.mkdtemp(prefix="rivya-race-"))
    system_dir.chmod(0o711)
    dsns: list[str] = []
    done = threading.Barrier(3, timeout=30)

    def own(data_dir: Path) -> None:
        with owner_process(data_dir, system_dir) as (owner, dsn, _):
            dsns.append(dsn)
            done.wait()
            owner.communicate("", timeout=10)

    threads = [threading.Thread(target=own, args=(tmp_path / name,)) for name in ("one", "two")]
    try:
        for thread in threads:
            thread.start()
        done.wait()
        for thread in threads:
            thread.join()
        assert len(set(dsns)) == 2
        assert len(list((system_dir / "binaries").glob("pixeltable*"))) == 1
        assert not list((system_dir / "binaries").glob(".unfinished*"))
    finally:
        shutil.rmtree(system_dir)


@only_as_root
def test_a_new_wheel_is_copied_again_and_a_torn_copy_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binaries = postgres_binaries.find_binaries(None)
    (tmp_path / ".unfinished-1").mkdir()
    first = postgres_binaries.copy_binaries(binaries, tmp_path)
    assert not (tmp_path / ".unfinished-1").exists()
    marker = first.bin_dir / "marker"
    marker.touch()
    assert postgres_binaries.copy_binaries(binaries, tmp_path) == first
    assert marker.exists()
    monkeypatch.setattr(postgres_binaries.metadata, "version", lambda _: "99.0")
    second = postgres_binaries.copy_binaries(binaries, tmp_path)
    assert "99.0" in str(second.bin_dir)
    assert not (second.bin_dir / "marker").exists()
    assert subprocess.run([second.program("initdb"), "--version"], capture_output=True).returncode == 0


@only_as_root
@only_on_linux
def test_an_ordinary_user_runs_the_wheel_where_it_is() -> None:
    nobody = pwd.getpwnam("nobody")
    become: dict[str, Any] = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    python = _python_for(become)
    if python is None:
        pytest.skip(f"nobody can reach no Python 3.11: {sys.executable} is below a closed folder")
    base = Path(tempfile.mkdtemp(prefix="rivya-nobody-"))
    os.chown(base, nobody.pw_uid, nobody.pw_gid)
    try:
        with owner_process(base / "data", base / "unused", python=python, **become) as (owner, dsn, postmaster):
            assert Path(f"/proc/{postmaster}/exe").readlink().is_relative_to(Path(asyncpg.__file__).parents[1])
            assert Path(f"/proc/{postmaster}/cwd").readlink() == base / "data" / "postgres" / "data"
            assert sorted(path.name for path in base.iterdir()) == ["data"]
            # Not even root is let in: it is not the user who started it.
            with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
                query(dsn, "select 1")
            owner.kill()
            until(lambda: not processes_on(base / "data" / "postgres" / "data"))
    finally:
        shutil.rmtree(base)


def _python_for(become: dict[str, Any]) -> str | None:
    """Return a Python that the user can run and that can import rivya."""
    check = [
        "-c",
        "import sys; assert sys.version_info >= (3, 11); import rivya.kit.embedded_postgres",
    ]
    path = f"{Path(rivya.__file__).parents[1]}:{Path(asyncpg.__file__).parents[1]}"
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            done = subprocess.run(
                [python, *check], env={"PYTHONPATH": path}, cwd="/", stderr=subprocess.DEVNULL, **become
            )
        except OSError:
            continue
        if done.returncode == 0:
            return python
    return None
