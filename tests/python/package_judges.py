"""A dbt project of all cases, and what the packages it is given say to them."""

import os
from pathlib import Path
from typing import Any

import psycopg
import yaml
from dbt.cli.main import dbtRunner
from package_cases import OTHER, Case
from package_cases_expectations import EXPECTATIONS
from package_cases_utils import MACROS, UTILS
from warehouse_fixtures import Warehouse

from ingest.settings import PROJECT_DIR

JUDGES = ("dbt_utils", "dbt_date", "dbt_expectations")
CASES = {
    f"{package}_{number:02}_{case.test}"[:50].lower(): (package, case)
    for package, cases in (("dbt_utils", UTILS), ("dbt_expectations", EXPECTATIONS))
    for number, case in enumerate(cases)
}
PROJECT = {
    "name": "package_cases",
    "version": "1.0.0",
    "profile": "coursehouse",
    "flags": {
        "send_anonymous_usage_stats": False,
        "require_generic_test_arguments_property": True,
    },
    "vars": {"dbt_date:time_zone": "UTC"},
}


def create_tables(dsn: str) -> None:
    """A table of good rows, one of bad rows and perhaps another one per case."""
    with psycopg.connect(dsn) as conn:
        conn.execute("create schema cases")
        _create(conn, "macro_rows", 'a integer, "B" text', "(1, 'x'), (2, 'x')")
        for name, (_, case) in CASES.items():
            _create(conn, f"{name}_good", case.columns, case.good)
            _create(conn, f"{name}_bad", case.bad_columns, case.bad)
            if case.other:
                _create(conn, f"{name}_other", case.columns, case.other)


def _create(conn: psycopg.Connection, table: str, columns: str, rows: str) -> None:
    query = rows if rows.startswith("select") else f"values {rows}"
    conn.execute(f"create table cases.{table} ({columns})".encode())
    conn.execute(f"insert into cases.{table} {query}".encode())


def judge(packages: Path, dsn: str, project: Path) -> dict[str, tuple[str, int]]:
    """Run all cases with the packages of a folder: test -> its verdict, and how many failures."""
    (project / "dbt_packages").mkdir(parents=True)
    for name in JUDGES:
        (project / "dbt_packages" / name).symlink_to(packages / name)
    (project / "dbt_project.yml").write_text(yaml.safe_dump(PROJECT))
    (project / "models").mkdir()
    (project / "models" / "cases.yml").write_text(yaml.safe_dump({"sources": [_source()]}))
    (project / "tests").mkdir()
    for name, query in MACROS.items():
        text = f"{{% set rows = source('cases', 'macro_rows') %}}{query}"
        (project / "tests" / f"{name}.sql").write_text(text)
    environment = dict(os.environ)
    os.environ.update(Warehouse(dsn, project).environment())
    try:
        outcome = dbtRunner().invoke(
            ["test", "--threads", "8"],
            project_dir=str(project),
            profiles_dir=str(PROJECT_DIR),
            target_path=str(project / "target"),
            log_path=str(project / "target"),
            log_level="none",
            quiet=True,
        )
    finally:
        os.environ.clear()
        os.environ.update(environment)
    results = getattr(outcome.result, "results", None)
    assert results, outcome.exception
    return {result.node.name: (str(result.status), result.failures or 0) for result in results}


def _source() -> dict[str, Any]:
    tables: list[dict[str, Any]] = [{"name": "macro_rows"}]
    for name, (package, case) in CASES.items():
        tables += [_table(f"{name}_{kind}", name, package, case) for kind in ("good", "bad")]
        tables += [{"name": f"{name}_other"}] if case.other else []
    return {"name": "cases", "schema": "cases", "tables": tables}


def _table(table: str, case_name: str, package: str, case: Case) -> dict[str, Any]:
    other = f"source('cases', '{case_name}_other')"
    arguments = {key: other if value == OTHER else value for key, value in case.arguments.items()}
    tests = [{f"{package}.{case.test}": {"name": table, "arguments": arguments}}]
    if case.column is None:
        return {"name": table, "data_tests": tests}
    return {"name": table, "columns": [{"name": case.column, "data_tests": tests}]}
