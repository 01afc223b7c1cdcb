"""`EmbeddedPostgres`: a server of our own that needs no Docker, no root and no configuration."""

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

from ingest.errors import UserError
from ingest.postgres import access, machine, postmaster
from ingest.postgres.account import Account, server_account
from ingest.postgres.binaries import Binaries, find_binaries
from ingest.postgres.cluster import (
    RELOCATED,
    Cluster,
    find_cluster,
    full_disk,
    home_hash,
    not_ours,
    place_cluster,
)
from ingest.postgres.files import make_dir, only_one, write_file

NOT_RUNNING = "the warehouse is not running: start it with `coursehouse up`"


class EmbeddedPostgres:
    """The Postgres of one home directory, on 127.0.0.1:`port` and an abstract socket.

    `bin_dir` is the bin/ of a Postgres >= 15, None takes the wheel's. Errors a user can act on
    are `UserError`. Linux only.
    """

    def __init__(self, home: Path, port: int, bin_dir: Path | None = None) -> None:
        self.home = home.expanduser().resolve()
        self.port = port
        self.bin_dir = bin_dir

    @property
    def data_directory(self) -> Path:
        """Where the cluster's files lie (it need not exist yet)."""
        return find_cluster(self.home).data_dir

    def up(self) -> bool:
        """Start the server if it does not run, with its role, database and password in place.

        Returns False if it ran already; then nothing is changed.
        """
        with self._guarded():
            make_dir(self.home)
            with only_one(self.home / "postgres.lock"):
                running = postmaster.find_postmaster(find_cluster(self.home))
                if running and running.port != self.port:
                    raise UserError(
                        f"the warehouse already runs on port {running.port}: set "
                        f"COURSEHOUSE_PG_PORT={running.port}, or `coursehouse down` first"
                    )
                if running and self._is_prepared():
                    return False
                self._start()
                self._prepare()
                return True

    def down(self) -> bool:
        """Stop the server cleanly. Returns False if it did not run."""
        with self._guarded():
            if not self.home.is_dir():
                return False
            with only_one(self.home / "postgres.lock"):
                cluster = find_cluster(self.home)
                if postmaster.find_postmaster(cluster) is None:
                    return False
                account, binaries = self._account_and_binaries(cluster)
                postmaster.stop(cluster, binaries, account)
                return True

    def is_running(self) -> bool:
        """True if the server process of this home is alive."""
        return postmaster.find_postmaster(find_cluster(self.home)) is not None

    def dsn(self, dbname: str = access.DATABASE) -> str:
        """TCP address with the password; `UserError` if the server does not run."""
        port, password = self._login()
        return (
            f"postgresql://{access.ROLE}:{quote(password, safe='')}"
            f"@{access.LISTEN}:{port}/{quote(dbname, safe='')}"
        )

    def connect(self, dbname: str = access.DATABASE) -> psycopg.Connection:
        """Connection of the warehouse role to this very server, whoever else uses the port."""
        port, password = self._login()
        try:
            connection = access.connect_by_tcp(port, password, dbname)
        except psycopg.OperationalError as error:
            raise UserError(f"the warehouse refused us: {access.last_line(error)}") from None
        try:
            found = connection.execute("select system_identifier from pg_control_system()")
            self._check_identity(found.fetchone())
            connection.rollback()
        except BaseException:
            connection.close()
            raise
        return connection

    def delete(self) -> None:
        """Stop the server and delete its data, its programs' copies and its files in the home.

        Other files in the home stay: it may be a directory that serves other purposes too.
        """
        self.down()
        with self._guarded():
            for directory in {find_cluster(self.home).location, RELOCATED / home_hash(self.home)}:
                if directory.exists():
                    shutil.rmtree(directory)
            for file in self.home.glob("postgres.*"):
                file.unlink()

    def create_database(self, name: str, owner: str = access.ROLE) -> None:
        """Create an empty database that belongs to `owner`; `UserError` if not running."""
        with self._admin() as admin:
            access.create_database(admin, name, owner)

    def _login(self) -> tuple[int, str]:
        running = postmaster.find_postmaster(find_cluster(self.home))
        if running is None:
            raise UserError(NOT_RUNNING)
        password = access.read_secret(access.secret_file(self.home))
        if password is None:
            raise UserError("the warehouse's password is lost: `coursehouse up` makes a new one")
        return running.port, password

    def _start(self) -> None:
        existing = find_cluster(self.home)
        account = server_account(existing.data_dir)
        postmaster.require_free(self.port, existing)
        cluster = place_cluster(self.home, account)
        binaries = self._binaries(account)
        cluster.initialise(binaries, account)
        access.write_access_files(cluster)
        write_file(cluster.file("postgresql.conf"), _configuration(cluster), mode=0o644)
        postmaster.start(cluster, binaries, account, self.port)

    def _is_prepared(self) -> bool:
        """Prepare the running server; False if it was just dying and is gone now."""
        try:
            self._prepare()
        except UserError:
            if self.is_running():
                raise
            return False
        return True

    def _prepare(self) -> None:
        with self._admin() as admin:
            access.ensure_role_and_database(admin)
            access.ensure_password(admin, self.port, self.home)

    @contextmanager
    def _admin(self) -> Iterator[psycopg.Connection]:
        """Superuser connection, after proof that the server is ours and nobody else's."""
        cluster = find_cluster(self.home)
        running = postmaster.find_postmaster(cluster)
        if running is None:
            raise UserError(NOT_RUNNING)
        with access.connect_as_admin(running.port, server_account(cluster.data_dir)) as admin:
            found = admin.execute("select system_identifier from pg_control_system()").fetchone()
            self._check_identity(found)
            served = admin.execute("show data_directory").fetchone()
            if served is None or Path(served[0]).resolve() != cluster.data_dir.resolve():
                raise UserError(f"port {running.port} serves {served}, not {cluster.data_dir}")
            yield admin

    def _check_identity(self, found: tuple[int, ...] | None) -> None:
        expected = find_cluster(self.home).identity()
        if found is None or found[0] != expected:
            raise UserError(
                f"port {self.port} is answered by another Postgres (system identifier "
                f"{found and found[0]}, not {expected}): set COURSEHOUSE_PG_PORT to a free port"
            )

    def _account_and_binaries(self, cluster: Cluster) -> tuple[Account, Binaries]:
        account = server_account(cluster.data_dir)
        return account, self._binaries(account)

    def _binaries(self, account: Account) -> Binaries:
        return find_binaries(self.bin_dir, account, RELOCATED / home_hash(self.home))

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn what the operating system refuses into one line."""
        if sys.platform != "linux":
            raise UserError("the embedded Postgres needs Linux: use yours by COURSEHOUSE_PG_HOST")
        try:
            yield
        except psycopg.errors.DiskFull as error:
            raise full_disk(self.home) from error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise full_disk(self.home) from error
            if isinstance(error, PermissionError) and os.path.lexists(self.home):
                raise not_ours(self.home) from error
            raise UserError(f"the warehouse's files: {error}") from error


def _configuration(cluster: Cluster) -> str:
    """postgresql.conf for this machine; `alter system` still overrides it."""
    memory = machine.memory_bytes()
    settings = machine.tuning(memory, machine.cpu_cores(), machine.shared_memory_bytes()) | {
        "hba_file": str(cluster.file("pg_hba.conf")),
        "ident_file": str(cluster.file("pg_ident.conf")),
        "listen_addresses": access.LISTEN,
        "unix_socket_directories": access.SOCKET,
        "password_encryption": "scram-sha-256",
        "cluster_name": cluster.name,
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "log_checkpoints": "off",
        "log_line_prefix": "%m [%p] %u@%d ",
    }
    lines = ["# Written by `coursehouse up` at every start. Your own settings: `alter system set`."]
    for name, value in settings.items():
        quoted = value.replace("\\", "\\\\").replace("'", "''")
        lines.append(f"{name} = '{quoted}'")
    return "\n".join(lines) + "\n"
