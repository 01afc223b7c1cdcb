"""House rules that take a built warehouse or a linter. Those on the manifest: dbt-bouncer.yml."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
from warehouse_fixtures import Warehouse

from ingest.build import UNREPORTED
from ingest.events.contracts import read_schema
from ingest.events.topics import logs, topics
from ingest.settings import PROJECT_DIR

PYTHON_LINES = 300
# half of the time of sqlfluff: `make lint` and `make proof` have them
LAYOUT = "LT01, LT02, LT05, LT14"


@pytest.fixture(scope="module")
def models(warehouse: Warehouse) -> list[Any]:
    nodes = warehouse.manifest.nodes.values()
    ours = [node for node in nodes if node.package_name == "coursehouse"]
    return [node for node in ours if node.resource_type == "model"]


@pytest.fixture(scope="module")
def columns(warehouse: Warehouse) -> dict[tuple[str, str], list[str]]:
    """(schema, relation) -> its columns in the built warehouse."""
    found: dict[tuple[str, str], list[str]] = {}
    with warehouse.connect() as conn:
        for schema, table, column in conn.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
        ).fetchall():
            found.setdefault((schema, table), []).append(column)
    return found


def test_every_column_is_described_and_every_description_has_its_column(
    models: list[Any], columns: dict[tuple[str, str], list[str]]
) -> None:
    wrong = []
    for model in models:
        built = set(columns[(model.schema, model.name)])
        described = {name for name, column in model.columns.items() if column.description}
        wrong += [f"{model.name}.{name}" for name in sorted(built ^ described)]
    assert wrong == []


def test_money_in_marts_stands_beside_its_currency(models: list[Any]) -> None:
    """... or is in the reporting currency, by a rate, and says so (law 7)."""
    money = re.compile(
        "(^|_)(amount|fees?|net|gross|mrr|arr|ltv|cac|revenue|price|total|subtotal|tax|discount"
        "|refunds?|disputes?|payouts?|sales|balance|loss)($|_)"
    )
    wrong = []
    for model in models:
        names = set(model.columns)
        has_currency = any(name.endswith("currency") for name in names)
        if model.schema in ("marts_finance", "marts_commerce", "marts_cross") and not has_currency:
            wrong += [
                f"{model.name}.{name}"
                for name, column in model.columns.items()
                if (column.data_type or "").startswith("numeric")
                and money.search(name)
                and not name.endswith(("_reporting", "_rate"))
            ]
    assert wrong == []


def test_no_model_behind_the_vault_carries_a_raw_identity(
    columns: dict[tuple[str, str], list[str]],
) -> None:
    identities = {"user_id", "username", "firstname", "lastname", "email", "ip", "phone1", "phone2"}
    wrong = [
        f"{schema}.{table}.{name}"
        for (schema, table), names in columns.items()
        if schema.startswith(("marts_", "snapshots"))
        for name in names
        if name in identities
    ]
    assert wrong == []


def test_overlapping_builds_of_an_incremental_model_fail(models: list[Any]) -> None:
    """Both would find nothing to delete and insert the same rows."""
    incremental = [model for model in models if model.config.materialized == "incremental"]
    assert incremental
    wrong = [
        model.name
        for model in incremental
        if not any(index.get("unique") for index in model.config.get("indexes") or [])
    ]
    assert wrong == []


def test_sources_of_events_follow_the_topic_registry(warehouse: Warehouse) -> None:
    tables = {s.name: s for s in warehouse.manifest.sources.values() if s.source_name == "events"}
    for topic in logs().values():
        table = tables.pop(topic.table_name)
        assert table.description == f"{topic.description}."
        limits = (table.freshness.warn_after, table.freshness.error_after)
        assert [limit.period for limit in limits] == ["minute", "minute"]
        assert [limit.count for limit in limits] == [
            topic.warn_after_minutes,
            topic.error_after_minutes,
        ]
    assert set(tables) == {"dead_letter"}


def test_every_type_of_event_a_contract_allows_has_its_meaning(warehouse: Warehouse) -> None:
    with warehouse.connect() as conn:
        found = conn.execute("select topic, event_type from raw_ref.event_types").fetchall()
    known = {(str(topic), str(event_type)) for topic, event_type in found}
    allowed = set()
    for topic in {topic for topic, _ in known}:
        properties = read_schema(topics()[topic].contract)["properties"]
        kinds = properties.get("event_type", properties.get("status"))["enum"]
        allowed |= {(topic, kind) for kind in kinds}
    assert known == allowed


def test_files_stay_small() -> None:
    lengths = _lengths("ingest", "*.py")
    assert [f"{file}: {n}" for file, n in lengths if n > PYTHON_LINES] == []


def test_the_sql_is_clean_by_sqlfluff(
    warehouse: Warehouse, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    # with the variables of the fixture dbt goes on with what it has parsed there
    variables = [f"{name} = {value}" for name, value in UNREPORTED.items()]
    warehouse.leave_parsed()
    config = tmp_path / "variables.cfg"
    lines = ["[sqlfluff:templater:dbt:context]", *variables]
    if not request.config.getoption("--thorough"):
        own = ConfigParser(interpolation=None)
        own.read(PROJECT_DIR / ".sqlfluff")
        left_out = own["sqlfluff"]["exclude_rules"]
        lines = ["[sqlfluff]", f"exclude_rules = {left_out}, {LAYOUT}", *lines]
    config.write_text("\n".join(lines))
    lint = subprocess.run(
        [
            *(Path(sys.executable).parent / "sqlfluff", "lint", "--config", config),
            *("--processes", "2", "--disable-progress-bar"),
        ],
        cwd=PROJECT_DIR,
        env={
            **os.environ,
            **warehouse.environment(),
            "DBT_TARGET_PATH": str(warehouse.target),
            "DBT_LOG_PATH": str(warehouse.target),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert lint.returncode == 0, lint.stdout[-4000:] + lint.stderr[-1000:]


def _lengths(folder: str, pattern: str) -> Iterator[tuple[Path, int]]:
    for file in sorted((PROJECT_DIR / folder).rglob(pattern)):
        yield file.relative_to(PROJECT_DIR), len(file.read_text().splitlines())
