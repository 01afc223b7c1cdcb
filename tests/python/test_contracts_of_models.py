"""What a model promises in YAML is held in every build, also where nothing else changed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
import pytest
from warehouse_fixtures import Warehouse, failures

VIEW, TABLE, INCREMENTAL = "fact_load", "dim_time", "pseudonyms"


@pytest.fixture(scope="module")
def warehouse(small_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    warehouse = small_warehouse("contracts_of_models")
    warehouse.run("run", "--select", f"+{VIEW}", TABLE, f"+{INCREMENTAL}")
    return warehouse


@pytest.mark.parametrize(
    ("model", "column"),
    [(VIEW, "duration_seconds"), (TABLE, "hour"), (INCREMENTAL, "source_user_id")],
)
@pytest.mark.parametrize("breach", ["another type", "one less", "one more"])
def test_a_breach_fails_the_model_and_says_which_column(
    warehouse: Warehouse, model: str, column: str, breach: str
) -> None:
    with _promising(warehouse, model, column, breach) as wrong:
        lines = failures(warehouse.dbt("run", "--select", model))
    assert len(lines) == 1 and "contract" in lines[0] and wrong in lines[0], lines
    warehouse.run("run", "--select", model)


def test_a_new_column_is_added_to_what_an_incremental_model_holds(warehouse: Warehouse) -> None:
    with warehouse.connect() as conn:
        before = _rows(conn)
        conn.execute("alter table vault.pseudonyms drop column source_system cascade")
        conn.execute("delete from vault.pseudonyms")
        conn.execute("alter table vault.pseudonyms add column of_somebody integer")
        warehouse.run("run", "--select", INCREMENTAL)
        assert _rows(conn) == before


@contextmanager
def _promising(warehouse: Warehouse, model: str, column: str, breach: str) -> Iterator[str]:
    """The model's YAML says something else meanwhile; gives the name of the column it is about."""
    node = warehouse.parsed().nodes[f"model.coursehouse.{model}"]
    kept: tuple[dict[str, Any], str] = node.columns, node.contract.checksum
    columns = dict(kept[0])
    name = column
    if breach == "another type":
        columns[column] = columns[column].replace(data_type="jsonb")
    elif breach == "one less":
        del columns[column]
    else:
        name = "of_nobody"
        columns[name] = columns[column].replace(name=name)
    node.columns, node.contract.checksum = columns, None
    node.build_contract_checksum()
    try:
        yield name
    finally:
        node.columns, node.contract.checksum = kept


def _rows(conn: psycopg.Connection) -> list[tuple[Any, ...]]:
    query: LiteralString = """
        select source_system, source_user_id from vault.pseudonyms order by 1, 2"""
    return conn.execute(query).fetchall()
