"""A MariaDB of our own with the sample site, where the machine has one installed."""

import gzip
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import pytest
from sqlalchemy.engine import URL

from ingest.settings import PROJECT_DIR

SERVER = shutil.which("mariadbd", path="/usr/sbin:/usr/bin:/usr/local/bin")
INSTALL = shutil.which("mariadb-install-db", path="/usr/bin:/usr/local/bin")
CLIENT = shutil.which("mariadb")
DUMP = PROJECT_DIR / "sample/moodle/moodle_small_mariadb.sql.gz"
USER, PASSWORD = "loader", "p@:/?#%+ ü&\\'"  # whatever a URL must quote
UTF8 = "character set utf8mb4 collate utf8mb4_unicode_ci"

NO_MARIADB = "MariaDB's server and client are not installed"
INSTALLED = bool(SERVER and INSTALL and CLIENT)


@dataclass
class MariaDb:
    """A running server. `url` gives the address of a database, as a user would write it."""

    port: int
    socket: Path

    def connect(self, database: str | None = None) -> "pymysql.Connection[Any]":
        return pymysql.connect(
            unix_socket=str(self.socket), user="root", database=database, autocommit=True
        )

    def run(self, *statements: str, database: str | None = None) -> None:
        with self.connect(database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def url(self, database: str, user: str = USER, password: str = PASSWORD, **query: str) -> str:
        return URL.create(
            "mysql", user, password, "127.0.0.1", self.port, database, query
        ).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def mariadb(free_port: Callable[[], int]) -> Iterator[MariaDb]:
    """A server of our own with the sample site in database `moodle`."""
    with running(free_port) as server:
        with gzip.open(DUMP) as dump:
            subprocess.run(
                [str(CLIENT), "--no-defaults", "-uroot", f"-S{server.socket}", "moodle"],
                input=dump.read(), check=True,
            )  # fmt: skip
        yield server


@contextmanager
def running(free_port: Callable[[], int], *options: str) -> Iterator[MariaDb]:
    """A server of our own with an empty database `moodle`; skips where there is no program."""
    if not INSTALLED:
        pytest.skip(NO_MARIADB)
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-mariadb-"))
    server = MariaDb(free_port(), directory / "socket")
    account = ["--user=nobody"] if os.geteuid() == 0 else []
    if account:
        shutil.chown(directory, "nobody")
    data = f"--datadir={directory / 'data'}"
    subprocess.run(
        [str(INSTALL), "--no-defaults", data, *account, "--skip-test-db",
         "--auth-root-authentication-method=normal"],
        check=True, capture_output=True,
    )  # fmt: skip
    process = subprocess.Popen(
        [str(SERVER), "--no-defaults", data, *account, f"--socket={server.socket}",
         f"--port={server.port}", "--bind-address=127.0.0.1", "--skip-name-resolve",
         "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M",
         "--character-set-server=utf8mb4", "--max-allowed-packet=64M", *options],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(server, process)
        password = pymysql.converters.escape_string(PASSWORD)
        server.run(
            f"create database moodle {UTF8}",
            f"create user {USER}@'127.0.0.1' identified by '{password}'",
            f"grant all on *.* to {USER}@'127.0.0.1'",
        )
        yield server
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(directory)


def _wait_for(server: MariaDb, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.connect().close()
        except pymysql.err.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("MariaDB did not start")
