"""Airflow as `make airflow` installs it, with a home and a database of the tests' own."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from addresses import warehouse_variables
from moodle_sites import Lane
from warehouse_fixtures import Warehouse

from ingest.build import TARGET
from ingest.settings import PROJECT_DIR

ENVIRONMENT = ".venv-airflow/.installed"
PROGRAM = PROJECT_DIR / "orchestrate" / "airflow"
DAGS = PROJECT_DIR / "orchestrate"
# a build that fails is tried again after five minutes, twice
PATIENCE_SECONDS = 900
SCRIPTS = PROJECT_DIR / "tests" / "airflow"


@dataclass(frozen=True)
class Airflow:
    """Runs Airflow's commands, and scripts in its environment."""

    home: Path

    def command(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """`orchestrate/airflow` with these arguments and variables, to its end."""
        return self._run([str(PROGRAM), *arguments], variables)

    def script(self, name: str, *arguments: str, **variables: str) -> str:
        """What a script of tests/airflow prints. It must succeed."""
        python = PROJECT_DIR / ".venv-airflow" / "bin" / "python"
        done = self._run([str(python), str(SCRIPTS / name), *arguments], variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def describe(self, *variables: dict[str, str]) -> list[dict[str, Any]]:
        """The DAGs, and the errors of files that cannot be imported, with each set of variables."""
        said = self.script("describe.py", str(DAGS), *map(json.dumps, variables))
        found: list[dict[str, Any]] = json.loads(
            said.splitlines()[-1]
        )  # behind Airflow's own words
        return found

    def _run(
        self, command: list[str], variables: dict[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        ours = ("COURSEHOUSE_", "AIRFLOW")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        own = {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
            "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
        }
        return subprocess.run(
            command,
            env=inherited | own | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )


def read_project(dsn: str) -> Warehouse:
    """The warehouse at an address, for which builds of DAGs need not read the project."""
    warehouse = Warehouse(dsn, TARGET)
    warehouse.leave_parsed(variables={})
    return warehouse


def variables(lane: Lane, selected: str) -> dict[str, str]:
    """Those of a small Moodle and an empty warehouse, where only `selected` is built."""
    return {
        "COURSEHOUSE_HOME": str(lane.home),
        **warehouse_variables(lane.warehouse),
        "COURSEHOUSE_MOODLE_DSN": lane.moodle,
        "COURSEHOUSE_AIRFLOW_SELECT": selected,
    }


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """Installed from the lock; skipped where it cannot be installed."""
    installed = subprocess.run(
        ["make", ENVIRONMENT],  # noqa: S607
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode != 0:
        pytest.skip(f"Airflow cannot be installed here: {installed.stderr.strip()[-300:]}")
    found = Airflow(tmp_path_factory.mktemp("airflow"))
    migrated = found.command("db", "migrate")
    assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    yield found
