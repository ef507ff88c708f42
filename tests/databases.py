"""What a run of the tests shares: a folder, a cluster in it, a template built by the real migrations, clones of it."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.local.cluster import Cluster, ClusterError
from tests.left_behind import cluster_in
from tests.product import ROOT

TEMPLATE = "template_hereabouts"
_ROOM = 4 * 1024**3  # bytes; a run takes a quarter of it
_MARK = """
    CREATE SCHEMA written;
    CREATE TABLE written.journal_cursors AS TABLE journal_cursors;
    CREATE TABLE written.tables AS SELECT tablename FROM pg_tables WHERE schemaname = 'public'
"""
_LEAVE = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_EMPTY = """
    SET session_replication_role = replica;
    DO $$ DECLARE now name[]; name text; BEGIN
        now := array(SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1);
        ASSERT now = array(SELECT tablename FROM written.tables ORDER BY 1), 'CLONE: other tables';
        FOREACH name IN ARRAY now LOOP
            CONTINUE WHEN name IN ('spatial_ref_sys', 'alembic_version', 'journal_epoch');
            CONTINUE WHEN pg_relation_size(format('%I', name)) = 0;
            ASSERT pg_relation_size(format('%I', name)) < 1024 * 1024, 'CLONE: too much';
            EXECUTE format('DELETE FROM %I', name);
        END LOOP;
        PERFORM setval(format('%I', sequencename), 1, false) FROM pg_sequences WHERE schemaname = 'public';
    END $$;
    INSERT INTO journal_cursors SELECT * FROM written.journal_cursors
"""


def make_run_folder(memory: Path = Path("/dev/shm")) -> Path:  # noqa: S108
    """A new folder that the user `postgres` may enter; in memory where that has room, since a database is many files.

    pytest closes its own folders to others, and does so again whenever another run starts on the machine.
    """
    roomy = memory.is_dir() and shutil.disk_usage(memory).free >= _ROOM
    folder = Path(tempfile.mkdtemp(prefix="hereabouts-tests-", dir=memory if roomy else None))
    folder.chmod(0o711)
    return folder


def started_cluster(folder: Path) -> Cluster:
    """The cluster of the run, with its template: made by the first process that comes."""
    cluster = cluster_in(folder)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        cluster.start()
        if not cluster.has_database(TEMPLATE):
            _build_template(cluster)
    return cluster


def clone(cluster: Cluster, name: str) -> str:
    """A new database as the migrations leave it; returns its name."""
    cluster.psql("postgres", "-c", f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
    return name


class Renewed:
    """A database that is, whenever asked for, as the migrations leave it.

    To empty it takes a twentieth of a clone. It is cloned anew where a test made or dropped tables, or wrote so much
    that what is left of it would tell in the plans of the next test.
    """

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._cluster, self.name = cluster, name
        self._clone()

    def renew(self) -> None:
        """End what others still do in it, and forget all they wrote."""
        try:
            self._cluster.psql(self.name, "-c", _LEAVE, "-c", _EMPTY)
        except ClusterError as refusal:
            if "CLONE" not in str(refusal):
                raise
            self._cluster.psql("postgres", "-c", f'DROP DATABASE "{self.name}" WITH (FORCE)')
            self._clone()

    def _clone(self) -> None:
        self._cluster.psql(clone(self._cluster, self.name), "-c", _MARK)


def _build_template(cluster: Cluster) -> None:
    building = f"{TEMPLATE}_building"
    cluster.prepare_database(building)
    environment = {**os.environ, "OWNER_DATABASE_URL": cluster.url("hereabouts_owner", building)}
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    cluster.psql("postgres", "-c", f'ALTER DATABASE "{building}" RENAME TO "{TEMPLATE}"')
