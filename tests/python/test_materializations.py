"""Tables and views are rebuilt where they stand: nothing that hangs on them vanishes."""

from collections.abc import Callable, Iterator
from typing import LiteralString

import psycopg
import pytest
from warehouse_fixtures import Warehouse

VIEW, TABLE = "staging.stg_moodle__groups", "marts_learning.dim_time"


@pytest.fixture(scope="module")
def warehouse(small_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    return small_warehouse("materializations")


@pytest.fixture
def conn(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """One view and one table, built, and a view of somebody else on each."""
    with warehouse.connect() as connection:
        connection.execute("drop view if exists public.on_view, public.on_table")
        _run(warehouse)
        connection.execute(f"create view public.on_view as select group_id from {VIEW}")
        connection.execute(f"create view public.on_table as select time_key from {TABLE}")
        yield connection


def test_what_hangs_on_a_view_or_table_survives_a_build(
    warehouse: Warehouse, conn: psycopg.Connection
) -> None:
    conn.execute(f"update {TABLE} set day_part = 'never' where hour = 3")
    _run(warehouse)
    assert _one(conn, "select count(*) from public.on_view") == 10
    assert _one(conn, "select count(*) from public.on_table") == 24 * 60 + 1
    assert _one(conn, f"select count(*) from {TABLE} where day_part = 'never'") == 0


def test_a_table_that_would_not_change_is_not_written(
    warehouse: Warehouse, conn: psycopg.Connection
) -> None:
    version: LiteralString = f"select string_agg(distinct xmin::text, ' ') from {TABLE}"
    before = _one(conn, version)
    _run(warehouse)
    assert _one(conn, version) == before
    conn.execute(f"delete from {TABLE} where time_key = 7")
    _run(warehouse)
    assert _one(conn, version) != before
    assert _one(conn, f"select count(*) from {TABLE}") == 24 * 60 + 1


def test_rows_are_compared_as_often_as_they_occur(
    warehouse: Warehouse, conn: psycopg.Connection
) -> None:
    conn.execute(f"insert into {TABLE} select * from {TABLE} where time_key = 7")
    _run(warehouse)
    assert _one(conn, f"select count(*) from {TABLE} where time_key = 7") == 1


@pytest.mark.parametrize(
    "change",
    [
        f"alter table {TABLE} add stray integer",
        f"alter table {TABLE} drop day_part cascade",
        f"alter table {TABLE} alter day_part type varchar(99)",
    ],
)
def test_a_table_with_other_columns_is_made_anew(
    warehouse: Warehouse, conn: psycopg.Connection, change: LiteralString
) -> None:
    conn.execute(change)
    _run(warehouse)
    columns = """
        select string_agg(column_name || ' ' || data_type, ', ' order by column_name)
        from information_schema.columns where table_name = 'dim_time'"""
    found = str(_one(conn, columns))
    assert "day_part text" in found and "stray" not in found


def test_a_view_with_other_columns_is_made_anew(
    warehouse: Warehouse, conn: psycopg.Connection
) -> None:
    conn.execute(f"drop view {VIEW} cascade")
    conn.execute(f"create view {VIEW} as select 1 as stray, 'x' as group_id")
    conn.execute(f"create view public.on_view as select stray from {VIEW}")
    _run(warehouse)
    assert _one(conn, f"select count(group_id) + count(*) from {VIEW}") == 20
    assert _one(conn, "select to_regclass('public.on_view')") is None


def test_a_table_gives_way_to_the_view_of_that_name(
    warehouse: Warehouse, conn: psycopg.Connection
) -> None:
    conn.execute(f"drop view {VIEW} cascade")
    conn.execute(f"create table {VIEW} as select 1 as stray")
    _run(warehouse)
    assert _one(conn, f"select count(*) from {VIEW}") == 10


def test_nothing_is_left_beside_the_tables(warehouse: Warehouse, conn: psycopg.Connection) -> None:
    _run(warehouse)
    left = "select count(*) from pg_class where relname ~ '__dbt_(tmp|backup)'"
    assert _one(conn, left) == 0


def _run(warehouse: Warehouse) -> None:
    warehouse.run("run", "--select", "stg_moodle__groups", "dim_time")


def _one(conn: psycopg.Connection, query: LiteralString) -> object:
    row = conn.execute(query).fetchone()
    assert row is not None
    return row[0]
