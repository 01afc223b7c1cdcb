"""Fixtures that run dbt: one loaded and built warehouse for whoever only reads it."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from dbt.cli.main import dbtRunner, dbtRunnerResult
from mariadb_server import MariaDb
from moodle_sites import SMALL, Lane, create_tables, fill_small
from psycopg.conninfo import conninfo_to_dict

from ingest.build import UNREPORTED
from ingest.packages import ensure_packages
from ingest.postgres import EmbeddedPostgres
from ingest.sample import SAMPLE_DUMP, restore
from ingest.settings import PROJECT_DIR, Settings
from ingest.warehouse.bootstrap import bootstrap


@dataclass
class Warehouse:
    """A warehouse database and dbt on it. The manifest is parsed once per warehouse."""

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
        parts = conninfo_to_dict(self.dsn)
        return {
            "COURSEHOUSE_PG_HOST": str(parts["host"]),
            "COURSEHOUSE_PG_PORT": str(parts["port"]),
            "COURSEHOUSE_PG_USER": str(parts["user"]),
            "COURSEHOUSE_PG_PASSWORD": str(parts["password"]),
            "COURSEHOUSE_PG_DBNAME": str(parts["dbname"]),
            "DO_NOT_TRACK": "1",
        }

    def dbt(self, *command: str) -> dbtRunnerResult:
        """Run dbt in this process; the caller looks at `success`."""
        before = dict(os.environ)
        os.environ.update(self.environment())
        ensure_packages()
        try:
            if self.manifest is None:
                self.manifest = self._invoke("parse").result
            return self._invoke(*command)
        finally:
            os.environ.clear()
            os.environ.update(before)

    def run(self, *command: str) -> None:
        """Run dbt and fail with dbt's own words if anything in it failed."""
        lines = failures(self.dbt(*command))
        if lines:
            pytest.fail(f"dbt {' '.join(command)}:\n" + "\n".join(lines), pytrace=False)

    def _invoke(self, *command: str) -> dbtRunnerResult:
        values = yaml.safe_load(command[command.index("--vars") + 1]) if "--vars" in command else {}
        return dbtRunner(manifest=self.manifest).invoke(
            [*command, "--vars", json.dumps(UNREPORTED | values)],
            project_dir=str(PROJECT_DIR),
            profiles_dir=str(PROJECT_DIR),
            target_path=str(self.target),
            log_path=str(self.target),
            log_level="none",
            quiet=True,
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
def loaded_warehouse(
    sample_site: str,
    new_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Warehouse]:
    """The sample site loaded, nothing built. For tests that build and tear down."""
    yield _loaded("loaded_warehouse", sample_site, new_database, tmp_path_factory)


@pytest.fixture(scope="session")
def warehouse(
    sample_site: str,
    new_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Warehouse]:
    """The sample site loaded and built with every unit and data test. Only for reading."""
    loaded = _loaded("built_warehouse", sample_site, new_database, tmp_path_factory)
    loaded.run("build")
    yield loaded


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
    site = mariadb.url("moodle", charset="utf8mb4")
    loaded = _loaded("mariadb_warehouse", site, new_database, tmp_path_factory)
    loaded.run("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
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


def _loaded(
    name: str,
    site: str,
    new_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Warehouse:
    directory = tmp_path_factory.mktemp(name)
    warehouse = Warehouse(new_database(name), directory / "target")
    Lane(site, warehouse.dsn, directory).load()
    return warehouse
