"""The runbook's way back to a moment, on a server of one's own."""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from ingest.postgres.account import Account, server_account
from ingest.postgres.binaries import find_binaries
from ingest.settings import PROJECT_DIR
from ingest.warehouse.bootstrap import bootstrap

PAGE = (PROJECT_DIR / "docs" / "runbook.md").read_text()
BACKUPS = "/var/backups/coursehouse"
ROWS = "select count(*), max(load_id) from ops.load_manifest"


@dataclass(frozen=True)
class Server:
    """A Postgres that somebody else set up: its directory, and where backups go."""

    account: Account
    programs: Path
    directory: Path
    port: int

    def run(self, script: str) -> str:
        """Run a script of the page as the server's account."""
        script = script.replace(BACKUPS, str(self.directory / "backups"))
        env = {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "PGDATA": str(self.directory / "data"),
            "PGHOST": str(self.directory),
            "PGPORT": str(self.port),
            "PGUSER": "postgres",
        }
        with (self.directory / "output").open("w+") as output:  # a pipe would wait for servers
            done = self.account.run(["/bin/sh", "-euc", script], output, env)
            output.seek(0)
            said = output.read()
        assert done.returncode == 0, said
        return said

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(
            f"host={self.directory} port={self.port} user=postgres dbname=postgres", autocommit=True
        )


def block(kind: str, word: str) -> str:
    """The one block of the page in which a word stands."""
    (found,) = [b for b in re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL) if word in b]
    return str(found)


@pytest.fixture
def server(free_port: Callable[[], int]) -> Iterator[Server]:
    directory = Path(tempfile.mkdtemp(prefix="pitr"))  # short: a socket lies in it
    account = server_account(directory / "data")
    programs = find_binaries(None, account, directory / "programs").bin_dir
    os.chown(directory, account.uid, account.gid)
    made = Server(account, programs, directory, free_port())
    made.run(
        f"mkdir -p {BACKUPS}/wal; initdb --username=postgres --auth=trust --encoding=UTF8 --no-sync"
    )
    settings = f"listen_addresses = ''\nunix_socket_directories = '{directory}'\nfsync = off\n"
    settings += block("ini", "archive_mode")
    made.run(f"cat >> $PGDATA/postgresql.conf <<'END'\n{settings}END\npg_ctl --wait start")
    yield made
    made.run("pg_ctl --wait --mode=immediate stop")
    shutil.rmtree(directory)


def test_a_server_goes_back_to_the_moment_before_a_mistake(server: Server) -> None:
    with server.connect() as conn:
        bootstrap(conn)
        server.run(block("sh", "pg_basebackup"))
        conn.execute(
            "insert into ops.load_manifest (load_id, source, started_at)"
            " select i, 'moodle', now() from generate_series(1, 500) as i"
        )
        before = conn.execute(ROWS).fetchone()
        (moment,) = conn.execute("select clock_timestamp()::text").fetchone() or ("",)
        conn.execute("delete from ops.load_manifest where load_id > 100")
        conn.execute("create table public.more as select 1 as i")
    server.run('pg_ctl --wait stop; mv "$PGDATA" "$PGDATA.broken"')  # the log's end is archived
    way_back = block("sh", "recovery.signal")
    (example,) = re.findall(r"recovery_target_time = '(.*)'", way_back)
    server.run(way_back.replace(example, moment))
    with server.connect() as conn:
        deadline = time.monotonic() + 60
        while conn.execute("select pg_is_in_recovery()").fetchone() == (True,):
            assert time.monotonic() < deadline, "still in recovery"
            time.sleep(0.1)
        assert conn.execute(ROWS).fetchone() == before == (500, 500)
        assert conn.execute("select to_regclass('public.more')").fetchone() == (None,)
