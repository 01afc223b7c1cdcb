"""A small dbt project with tests of elementary, and what they say to it."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from dbt.cli.main import dbtRunner
from elementary_cases import CASES, COLUMNS, RUN_AT, TABLES
from warehouse_fixtures import Warehouse

from ingest.packages import PACKAGES, STAND_INS
from ingest.settings import PROJECT_DIR

PROJECT = {
    "name": "shop",
    "version": "1.0.0",
    "profile": "coursehouse",
    "macro-paths": ["macros"],
    "models": {"elementary": {"+schema": "elementary"}, "shop": {"+schema": "shop"}},
    "flags": {
        "send_anonymous_usage_stats": False,
        "require_generic_test_arguments_property": True,
    },
}
# the ones of the house: how schemas are named, how tests run, what is hidden
MACROS = ("generate_schema_name", "materialization_test", "hide_personal_data")
MODELS = {
    "visits": "select happened_at, kind, amount, kind || '@example.org' as email"
    " from {{ source('cases', 'usual') }}",
    "visits_by_day": "select happened_at::date as day, count(*) as visits from {{ ref('visits') }}"
    " group by 1",
    "rude": "{{ config(materialized='table') }} select 'ada@example.org'::text::int as n",
    "rude_line": "{{ config(materialized='table') }}"
    " select ('\"ada@example.org' || chr(10) || ', 7')::int as n",
    "rude_range": "{{ config(materialized='table') }} select '491701234567'::text::int as n",
}

WARN: dict[str, Any] = {"config": {"severity": "warn"}}


def _table_tests(**tests: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {f"elementary.{test.pop('test')}": {"name": name} | test} for name, test in tests.items()
    ]


PROPERTIES: dict[str, Any] = {
    "models": [
        {
            "name": "visits",
            "description": "Visits as they came.",
            "config": {"materialized": "view", "meta": {"owner": "Ada, Grace"}},
            # whatever is read by others only warns
            "columns": [
                {"name": "amount", "data_type": "integer"},
                {"name": "kind", "data_tests": [{"unique": {"name": "kinds_are_unique"} | WARN}]},
                {
                    "name": "email",
                    "config": {"meta": {"pii": True}},
                    "data_tests": [{"unique": {"name": "emails_are_unique"} | WARN}],
                },
            ],
            "data_tests": _table_tests(
                visits_keep_their_columns={"test": "schema_changes"},
                visits_have_their_columns={"test": "schema_changes_from_baseline"} | WARN,
            ),
        },
        {
            "name": "visits_by_day",
            "description": "Visits of a day.",
            "config": {"materialized": "table"},
            "data_tests": [
                {"few_visits": {"name": "days_are_quiet"}},
            ],
        },
    ],
    "exposures": [
        {
            "name": "dashboard",
            "type": "dashboard",
            "owner": {"name": "Ada", "email": "ada@example.org"},
            "depends_on": ["ref('visits_by_day')"],
        }
    ],
}
FEW_VISITS = """
{% test few_visits(model) %}
    select * from {{ model }} where visits > 103 order by day
{% endtest %}
"""


@dataclass
class Result:
    status: str
    failures: int


Built = dict[str, Result]


@dataclass
class House:
    """The project, in a folder of its own, on a database that holds all cases."""

    dsn: str
    folder: Path
    manifest: Any = None

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.dsn, autocommit=True)

    def dbt(
        self, *command: str, run_at: str = RUN_AT, may_fail: bool = False, **values: Any
    ) -> Built:
        """Run dbt; what it says to each node, by name."""
        before = dict(os.environ)
        os.environ.update(Warehouse(self.dsn, self.folder).environment())
        try:
            outcome = dbtRunner(manifest=self.manifest).invoke(
                [*command, "--vars", json.dumps({"custom_run_started_at": run_at} | values)],
                project_dir=str(self.folder),
                profiles_dir=str(PROJECT_DIR),
                target_path=str(self.folder / "target"),
                log_path=str(self.folder / "target"),
                log_level="none",
                quiet=True,
            )
        finally:
            os.environ.clear()
            os.environ.update(before)
        if command == ("parse",):
            self.manifest = outcome.result
            return {}
        results = getattr(outcome.result, "results", None)
        assert results, outcome.exception
        errors = [one.message for one in results if str(one.status) in ("error", "runtime error")]
        assert may_fail or errors == []
        return {one.node.name: Result(str(one.status), one.failures or 0) for one in results}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.connect() as conn:
            return conn.execute(query.encode()).fetchall()


def create_house(dsn: str, folder: Path, packages: Path) -> House:
    """The project with the packages of that folder, and the tables it reads."""
    with psycopg.connect(dsn) as conn:
        conn.execute("create schema cases")
        for name, query in TABLES.items():
            conn.execute(f"create table cases.{name} ({COLUMNS})".encode())
            conn.execute(f"insert into cases.{name} {query}".encode())
    for part in ("models", "macros", "dbt_packages"):
        (folder / part).mkdir(parents=True)
    for name in PACKAGES:
        (folder / "dbt_packages" / name).symlink_to((packages / name).resolve())
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(PROJECT))
    for name in MACROS:
        (folder / "macros" / f"{name}.sql").symlink_to(PROJECT_DIR / "macros" / f"{name}.sql")
    (folder / "macros" / "few_visits.sql").write_text(FEW_VISITS)
    for name, query in MODELS.items():
        (folder / "models" / f"{name}.sql").write_text(query)
    (folder / "models" / "shop.yml").write_text(yaml.safe_dump(PROPERTIES))
    (folder / "models" / "cases.yml").write_text(yaml.safe_dump({"sources": [_source()]}))
    house = House(dsn, folder)
    house.dbt("parse")
    return house


def _source() -> dict[str, Any]:
    tables: dict[str, dict[str, Any]] = {
        name: {"name": name, "columns": [], "data_tests": []} for name in TABLES
    }
    for name, case in CASES.items():
        for verdict, table in (("good", case.good), ("bad", case.bad)):
            test = {
                f"elementary.{case.test}": {
                    "name": f"{name}_{verdict}",
                    "arguments": case.arguments,
                }
            }
            if case.column is None:
                tables[table]["data_tests"].append(test)
            else:
                tables[table]["columns"].append({"name": case.column, "data_tests": [test]})
    tables["usual"]["data_tests"] += _table_tests(
        volume_by_run={"test": "volume_anomalies", "arguments": {"anomaly_sensitivity": 1}}
    )
    freshness = {"error_after": {"count": 1, "period": "hour"}}
    loaded = {"loaded_at_field": "arrived_at", "config": {"freshness": freshness}}
    return {"name": "cases", "schema": "cases", "tables": list(tables.values())} | loaded


@pytest.fixture(scope="session")
def house(new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> House:
    """The project with the stand-ins, on a database of its own."""
    folder = tmp_path_factory.mktemp("elementary") / "project"
    return create_house(new_database("elementary_house"), folder, PROJECT_DIR / STAND_INS)


@pytest.fixture(scope="session")
def built(house: House) -> Built:
    """What the first `dbt build` of the project says; later runs add to what is stored."""
    return house.dbt("build", "--exclude", "rude*")
