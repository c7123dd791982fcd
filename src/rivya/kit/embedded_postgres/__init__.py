"""A PostgreSQL server of our own: made, started, watched and stopped by the process that owns its folder.

It listens on a Unix socket in a private folder and on nothing else, and lets in, without a password, the two users
of the operating system who could read its files anyway: the one who starts it and the one it runs as.

    <data_dir>/owner.lock           flock of the owner, with its process id; the kernel lets go of it, come what may
    <data_dir>/postgres.location    where the cluster is, if it could not be in <data_dir>/postgres
    <cluster>/data                  PostgreSQL's own folder
    <cluster>/rivya.conf            settings, with pg_hba.conf and pg_ident.conf, written at each start
    <cluster>/socket                where it listens, unless that path cannot be put in a DSN
    <cluster>/postgres.log          what the server says

PostgreSQL refuses to run as root. Started by root, it runs as ``run_as``, otherwise ``postgres`` or ``nobody``, from
a copy of the wheel's programs; no user is added, and no folder that is not ours is opened or given away.
"""

from rivya.kit.embedded_postgres.binaries import PostgresStartFailed
from rivya.kit.embedded_postgres.owner import DataDirInUse
from rivya.kit.embedded_postgres.processes import ServerWillNotEnd
from rivya.kit.embedded_postgres.server import EmbeddedPostgres, IncompatibleDataDir, find_running

__all__ = [
    "DataDirInUse",
    "EmbeddedPostgres",
    "IncompatibleDataDir",
    "PostgresStartFailed",
    "ServerWillNotEnd",
    "find_running",
]
