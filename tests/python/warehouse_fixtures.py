"""Fixtures that run dbt: one loaded and built warehouse for whoever only reads it."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
import pytest
import yaml
from addresses import warehouse_variables
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt_common.behavior_flags import BehaviorFlagRendered
from mariadb_server import MariaDb
from moodle_sites import SMALL, Lane, create_tables, fill_small
from parsed_project import leave, manifest_for
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from ingest.build import NO_TESTS, UNREPORTED
from ingest.garbage import frozen
from ingest.packages import ensure_packages
from ingest.postgres import EmbeddedPostgres
from ingest.sample import SAMPLE_DUMP, restore
from ingest.settings import PROJECT_DIR, Settings
from ingest.warehouse.bootstrap import bootstrap

# For each of its flags, at each command, dbt asks Python for the module of every caller: below
# pytest, with all that tests import, that takes seconds, and the answer is shown to nobody.
BehaviorFlagRendered._default_source = staticmethod(lambda: "dbt")  # type: ignore[method-assign]


@dataclass
class Warehouse:
    """A warehouse database and dbt on it, with a manifest of its own."""

    dsn: str
    target: Path
    manifest: Any = None

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.dsn, autocommit=True)

    def settings(self) -> Settings:
        """For the loaders."""
        parts = conninfo_to_dict(self.dsn)
        values: dict[str, Any] = {
            f"pg_{name}": parts[name] for name in ("host", "port", "user", "password")
        }
        return Settings.model_validate(values | {"pg_dbname": parts["dbname"]})

    def environment(self) -> dict[str, str]:
        """The variables `profiles.yml` reads, for dbt in a process of its own."""
        return {
            **warehouse_variables(self.dsn),
            "DO_NOT_TRACK": "1",
        }

    def dbt(self, *command: str) -> dbtRunnerResult:
        """Run dbt in this process; the caller looks at `success`."""
        self.parsed()
        return self._invoke(*command)

    def parsed(self) -> Any:
        """dbt's manifest of the project, with what was compiled since."""
        if self.manifest is None:
            self.manifest = manifest_for(dbname(self.dsn), self.parse)
        return self.manifest

    def leave_parsed(
        self, target: Path | None = None, variables: dict[str, Any] = UNREPORTED
    ) -> None:
        """In `target` (its own) the next dbt process with these variables need not read all."""
        manifest = manifest_for(dbname(self.dsn), self.parse)
        with mock.patch.dict(os.environ, self.environment()):
            leave(manifest, target or self.target, variables)

    def parse(self) -> Manifest:
        """Read the project anew."""
        outcome = self._invoke("parse")
        assert isinstance(outcome.result, Manifest), outcome.exception
        return outcome.result

    def run(self, *command: str) -> None:
        """Run dbt and fail with dbt's own words if anything in it failed."""
        lines = failures(self.dbt(*command))
        if lines:
            pytest.fail(f"dbt {' '.join(command)}:\n" + "\n".join(lines), pytrace=False)

    def _invoke(self, *command: str) -> dbtRunnerResult:
        values = yaml.safe_load(command[command.index("--vars") + 1]) if "--vars" in command else {}
        ensure_packages()
        with mock.patch.dict(os.environ, self.environment()), frozen():
            return dbtRunner(manifest=self.manifest).invoke(
                [*command, "--vars", json.dumps(UNREPORTED | values)],
                project_dir=str(PROJECT_DIR),
                profiles_dir=str(PROJECT_DIR),
                target_path=str(self.target),
                log_path=str(self.target),
                log_level="none",
                log_level_file="none",  # what failed is in the results
                quiet=True,
                # the manifest is kept here; to write it takes longer than to build a few models
                write_json=command[0] == "docs",
                use_fast_test_edges=True,
            )


def failures(outcome: dbtRunnerResult) -> list[str]:
    """What went wrong in a dbt run, one line per node."""
    nodes = getattr(outcome.result, "results", [])
    lines = [
        f"{node.node.name}: {node.status} {node.message}"
        for node in nodes
        if node.status not in ("success", "pass", "no-op")
    ]
    return lines if outcome.success or lines else [str(outcome.exception)]


@pytest.fixture(scope="session")
def new_database(postgres: EmbeddedPostgres) -> Callable[[str], str]:
    """Creates the named database on the session's server and gives its address."""

    def create(name: str) -> str:
        postgres.create_database(name)
        return postgres.dsn(name)

    return create


@pytest.fixture(scope="session")
def sample_site(new_database: Callable[[str], str]) -> str:
    """Address of a Postgres database that holds the sample Moodle site."""
    dsn = new_database("moodle_sample_site")
    with psycopg.connect(dsn) as conn:
        restore(SAMPLE_DUMP, conn)
    return dsn


@pytest.fixture(scope="session")
def new_warehouse(
    sample_site: str,
    postgres: EmbeddedPostgres,
    new_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Warehouse]:
    """Creates the named warehouse: the sample site loaded, nothing built."""
    loaded = new_database("sample_loaded")
    Lane(sample_site, loaded, tmp_path_factory.mktemp("sample_loaded")).load()

    def create(name: str) -> Warehouse:
        copy_database(postgres, loaded, name)
        return Warehouse(postgres.dsn(name), tmp_path_factory.mktemp(name) / "target")

    return create


@pytest.fixture(scope="session")
def warehouse(new_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    """The sample site loaded and built. Only for reading.

    Data tests run in the demo, on this site and more.
    """
    loaded = new_warehouse("built_warehouse")
    loaded.run("build", *NO_TESTS)
    return loaded


@pytest.fixture(scope="session")
def small_warehouse(
    new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Warehouse]:
    """Gives a warehouse of that name with a Moodle of a few small tables loaded, nothing built."""

    def create(name: str) -> Warehouse:
        moodle, directory = new_database(f"{name}_moodle"), tmp_path_factory.mktemp(name)
        with psycopg.connect(moodle) as conn:
            create_tables(conn, (*SMALL, "logstore_standard_log"))
            fill_small(conn)
        lane = Lane(moodle, new_database(name), directory)
        lane.load()
        # where `coursehouse stream` of this home keeps what dbt has parsed
        return Warehouse(lane.warehouse, directory / "stream")

    return create


@dataclass(frozen=True)
class Artifacts:
    """What dbt wrote about a built warehouse: for tests of the project itself. Only for reading."""

    folder: Path
    manifest: dict[str, Any]
    catalog: dict[str, Any]


@pytest.fixture(scope="session")
def artifacts(warehouse: Warehouse) -> Artifacts:
    """Manifest with compiled SQL, catalog and docs page of the built sample."""
    # with a manifest at hand dbt writes none
    warehouse.parsed().write(str(warehouse.target / "manifest.json"))
    warehouse.run("docs", "generate", "--static", "--no-compile")
    manifest, catalog = (
        json.loads((warehouse.target / f"{name}.json").read_text())
        for name in ("manifest", "catalog")
    )
    return Artifacts(warehouse.target, manifest, catalog)


@pytest.fixture(scope="session")
def mariadb_warehouse(
    mariadb: MariaDb, new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Warehouse:
    """The same site loaded from MariaDB and built, without tests. Only for reading."""
    directory = tmp_path_factory.mktemp("mariadb_warehouse")
    loaded = Warehouse(new_database("mariadb_warehouse"), directory / "target")
    Lane(mariadb.url("moodle", charset="utf8mb4"), loaded.dsn, directory).load()
    loaded.run("build", *NO_TESTS)
    return loaded


@pytest.fixture(scope="session")
def ops_warehouse(
    new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Warehouse:
    """Nothing loaded, the operations mart built. Tests empty the tables they write to."""
    house = Warehouse(new_database("ops"), tmp_path_factory.mktemp("ops") / "target")
    with house.connect() as conn:
        bootstrap(conn)
    kinds = ("--resource-type", "model", "--resource-type", "seed")
    house.run("build", "--select", "+path:models/marts/ops", *kinds)
    return house


def dbname(dsn: str) -> str:
    """The database an address leads to."""
    return str(conninfo_to_dict(dsn)["dbname"])


def copy_database(postgres: EmbeddedPostgres, source: str, name: str) -> None:
    """A copy of the database at an address, in place of the one of that name."""
    template = dbname(source)
    with postgres._admin() as admin:
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [template]
        )
        for statement in (
            sql.SQL("drop database if exists {0} with (force)"),
            sql.SQL("create database {0} template {1} owner coursehouse strategy file_copy"),
        ):
            admin.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
