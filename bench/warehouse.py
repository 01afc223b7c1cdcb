"""What benchmarks of models share: a server of their own, the sample site in it, dbt on it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from ingest.moodle import load
from ingest.postgres import EmbeddedPostgres
from ingest.postgres.access import SOCKET
from ingest.processes import free_port
from ingest.sample import SAMPLE_DUMP, restore
from ingest.settings import PROJECT_DIR, Settings

DBT = str(Path(sys.executable).parent / "dbt")
COURSEHOUSE = str(Path(sys.executable).parent / "coursehouse")


@dataclass
class Bench:
    """A server and a directory; database `loaded` is the template every size starts from."""

    server: EmbeddedPostgres
    directory: Path

    def connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(self.server.dsn(database), autocommit=True)

    def load_sample(self) -> None:
        """Load the sample site into the database `loaded`."""
        for name in ("moodle", "loaded"):
            self.server.create_database(name)
        with psycopg.connect(self.server.dsn("moodle")) as conn:
            restore(SAMPLE_DUMP, conn)
        load.load_moodle(self.settings("loaded"), lambda _: None, [], False)

    def settings(self, database: str) -> Settings:
        """For loads into a database, of Moodle from the sample site."""
        return Settings.model_validate(
            {
                "home": self.directory / "load",
                "moodle_dsn": self.server.dsn("moodle"),
                **self._address(database),
            }
        )

    def copy_loaded(self, database: str) -> None:
        """Make a database like `loaded`."""
        with self.server._admin() as admin:
            admin.execute(
                sql.SQL("create database {} template loaded owner coursehouse").format(
                    sql.Identifier(database)
                )
            )

    def build(self, database: str, *selection: str, is_tested: bool = False) -> float:
        """Seconds of one whole `coursehouse build` process, of everything or of a selection."""
        target = str(self.directory / database)
        select = ("--select", " ".join(selection)) if selection else ()
        untested = () if is_tested else ("--no-tests",)
        started = time.monotonic()
        subprocess.run(
            [COURSEHOUSE, "build", *select, *untested],
            cwd=PROJECT_DIR,
            env=self.environment(database, is_for_loads=True)
            | {"DBT_TARGET_PATH": target, "DBT_LOG_PATH": target},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return round(time.monotonic() - started, 1)

    def build_again(self, database: str, *selection: str) -> float:
        """Seconds of a build without new data, which has to leave every row of every mart."""
        before = self._checksums(database)
        seconds = self.build(database, *selection)
        after = self._checksums(database)
        changed = [mart for mart, mark in after.items() if before[mart] != mark]
        if changed:
            raise SystemExit(f"a build without new data changed {', '.join(changed)}")
        return seconds

    def environment(self, database: str, *, is_for_loads: bool = False) -> dict[str, str]:
        """The variables that make dbt use a database, over the socket as it does by default.

        Loads take the port: their driver does not know that socket.
        """
        address = self._address(database)
        if not is_for_loads:
            address |= {"pg_host": SOCKET, "pg_password": ""}
        named = {f"COURSEHOUSE_{name.upper()}": value for name, value in address.items()}
        return {**os.environ, **named, "DO_NOT_TRACK": "1"}

    def incremental_seconds(self, database: str, models: Collection[str] = ()) -> float:
        """Execution time of incremental models (these, or all) of the last build, by dbt."""
        target = self.directory / database
        nodes = json.loads((target / "manifest.json").read_text())["nodes"]
        results = json.loads((target / "run_results.json").read_text())["results"]
        seconds: float = 0
        for result in results:
            node = nodes.get(result["unique_id"], {})
            if node.get("config", {}).get("materialized") == "incremental" and (
                not models or node["name"] in models
            ):
                seconds += result["execution_time"]
        return round(seconds, 2)

    def _checksums(self, database: str) -> dict[str, object]:
        """Mart -> number of rows and a sum over all of them that any changed value changes."""
        with self.connect(database) as conn:
            tables = conn.execute(
                "select schemaname, tablename from pg_tables where schemaname like 'marts%'"
            ).fetchall()
            mark = "select count(*), sum(hashtextextended(t::text, 0)) from {} as t"
            return {
                table: conn.execute(sql.SQL(mark).format(sql.Identifier(schema, table))).fetchone()
                for schema, table in tables
            }

    def _address(self, database: str) -> dict[str, str]:
        parts = conninfo_to_dict(self.server.dsn(database))
        named = {f"pg_{part}": str(parts[part]) for part in ("host", "port", "user", "password")}
        return named | {"pg_dbname": database}


@contextmanager
def bench() -> Iterator[Bench]:
    """A running server that is gone afterwards; dbt is compiled before anything is measured."""
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-bench-"))
    directory.chmod(0o755)
    server = EmbeddedPostgres(directory / "home", free_port())
    server.up()
    try:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(directory / "bytecode")
        subprocess.run([DBT, "--help"], check=True, stdout=subprocess.DEVNULL)
        yield Bench(server, directory)
    finally:
        server.down()
        shutil.rmtree(directory, ignore_errors=True)
