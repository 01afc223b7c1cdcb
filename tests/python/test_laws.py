"""Law 2: for every incremental model, what increments build equals a full refresh.

The raw tables of the sample site are delivered in four batches, as four loads would deliver
them, and after each batch the incremental models are built. Then a full refresh runs on the
same input and every row is compared. Models are found in the manifest: a new incremental model
is covered by being there.
"""

from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from warehouse_fixtures import Warehouse

BATCHES = (1, 2, 3, 4)
# The load that computed a row may differ: it says how the row got there, not what it is.
BOOKKEEPING = ("_load_id", "_loaded_at")
INCREMENTAL = "config.materialized:incremental"
STAGING = "path:models/staging"
NO_TESTS = ("--resource-type", "model", "--resource-type", "snapshot", "--resource-type", "seed")
EVERYTHING = ("--select", f"+{INCREMENTAL}", "--exclude", STAGING, *NO_TESTS)
# Whatever incremental models read that is no view has to follow every batch.
FOLLOWING = (
    "--select",
    INCREMENTAL,
    f"+{INCREMENTAL},config.materialized:table",
    f"+{INCREMENTAL},resource_type:snapshot",
    *NO_TESTS,
)

# Each delivery says in which batch a row first arrives. `parents last` brings a batch without
# log rows; `late` also moves the second half of
# the log 90 days ahead, so that the rows held back to the last batch are 90 days late.
DELIVERIES: dict[str, LiteralString] = {
    "in order": "1 + (rank - 1) * 4 / total",
    "shuffled": "1 + mod(abs(hashint8(id)), 4)",
    "with duplicates": "1 + (rank - 1) * 4 / total",
    "parents last": (
        "case when {table} = 'mdl_logstore_standard_log' then 1 + (rank - 1) * 3 / total else 4 end"
    ),
    "90 days late": (
        "case when rank <= total / 2 and mod(abs(hashint8(id)), 10) = 0 then 4"
        " else 1 + (rank - 1) * 3 / total end"
    ),
}
NINETY_DAYS = 90 * 86_400


@pytest.fixture(scope="module")
def site(loaded_warehouse: Warehouse) -> Iterator[Warehouse]:
    """The loaded warehouse with all raw rows set aside in schema `held`."""
    with loaded_warehouse.connect() as conn:
        conn.execute("create schema held")
        for table in _raw_tables(conn):
            conn.execute(
                sql.SQL("create table {} as select * from {}").format(
                    sql.Identifier("held", table), sql.Identifier("raw_moodle", table)
                )
            )
    loaded_warehouse.run("run", "--select", STAGING)
    yield loaded_warehouse
    with loaded_warehouse.connect() as conn:
        conn.execute("drop schema held cascade")


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_increments_equal_a_full_refresh(site: Warehouse, delivery: str) -> None:
    models = _incremental_models(site)
    with site.connect() as conn:
        _take_everything_back(conn, models)
        for batch in BATCHES:
            _deliver(conn, delivery, batch)
            site.run("build", *(EVERYTHING if batch == BATCHES[0] else FOLLOWING))
        _set_aside(conn, models)
        site.run("build", "--full-refresh", *EVERYTHING)
        for schema, name in models:
            rows, differing = _compare(conn, schema, name)
            assert rows > 0, f"{name} stayed empty: the delivery has no input for it"
            assert differing == 0, f"{name}: {differing} of {rows} rows differ, {delivery}"


def test_a_build_without_arrivals_writes_no_row(site: Warehouse) -> None:
    """Of no table at all: incremental models, tables and snapshots."""
    site.run("build", *NO_TESTS)
    with site.connect() as conn:
        before = _row_versions(conn)
        site.run("build", *NO_TESTS)
        after = _row_versions(conn)
    assert {"fact_learning_event", "learner_course_snapshot_weekly", "snap_moodle__users"} <= {
        table for _, table in before
    }
    assert [table for table, version in after.items() if before.get(table) != version] == []


def _raw_tables(conn: psycopg.Connection) -> list[str]:
    rows = conn.execute("select tablename from pg_tables where schemaname = 'raw_moodle'")
    return [name for (name,) in rows.fetchall()]


def _incremental_models(site: Warehouse) -> list[tuple[str, str]]:
    """Schema and name of every incremental model of the project."""
    site.dbt("parse")
    nodes = site.manifest.nodes.values()
    models = [
        (node.schema, node.name)
        for node in nodes
        if node.resource_type == "model" and node.config.materialized == "incremental"
    ]
    assert models, "the manifest holds no incremental model"
    return sorted(models)


def _take_everything_back(conn: psycopg.Connection, models: list[tuple[str, str]]) -> None:
    for table in _raw_tables(conn):
        conn.execute(sql.SQL("truncate {}").format(sql.Identifier("raw_moodle", table)))
    for schema, name in models:
        conn.execute(
            sql.SQL("drop table if exists {} cascade").format(sql.Identifier(schema, name))
        )
    conn.execute("drop schema if exists incremental cascade")
    # history too: the first batch is the first the warehouse ever sees
    conn.execute("drop schema if exists snapshots cascade")


def _deliver(conn: psycopg.Connection, delivery: str, batch: int) -> None:
    """One load: the rows of `batch`, stamped like the loader stamps them."""
    for table in _raw_tables(conn):
        raw, held = sql.Identifier("raw_moodle", table), sql.Identifier("held", table)
        columns = [
            column.name
            for column in conn.execute(sql.SQL("select * from {} limit 0").format(raw)).description
            or []
            if column.name not in BOOKKEEPING
        ]
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        conn.execute(
            sql.SQL(
                "insert into {raw} ({names}, _load_id, _loaded_at)"
                " select {names}, %(batch)s, now() from ("
                "   select *, {first} as first_batch from ("
                "     select *, row_number() over (order by id) as rank, count(*) over () as total"
                "     from {held}"
                "   ) as ranked"
                " ) as delivered where first_batch = %(batch)s"
            ).format(
                raw=raw,
                held=held,
                names=names,
                first=sql.SQL(DELIVERIES[delivery]).format(table=sql.Literal(table)),
            ),
            {"batch": batch},
        )
        if delivery == "with duplicates":
            # a row that arrives again is the same row with a newer load
            conn.execute(
                sql.SQL(
                    "update {} set _load_id = %(batch)s"
                    " where _load_id < %(batch)s and mod(abs(hashint8(id + %(batch)s)), 3) = 0"
                ).format(raw),
                {"batch": batch},
            )
        if delivery == "90 days late" and table == "mdl_logstore_standard_log":
            conn.execute(
                sql.SQL(
                    "update {} set timecreated = timecreated + %s where _load_id = %s"
                    " and id > (select max(id) / 2 from {})"
                ).format(raw, held),
                [NINETY_DAYS, batch],
            )
    conn.execute("analyze")


def _set_aside(conn: psycopg.Connection, models: list[tuple[str, str]]) -> None:
    conn.execute("create schema incremental")
    for schema, name in models:
        conn.execute(
            sql.SQL("create table {} as select * from {}").format(
                sql.Identifier("incremental", name), sql.Identifier(schema, name)
            )
        )


def _compare(conn: psycopg.Connection, schema: str, name: str) -> tuple[int, int]:
    """Rows of the full refresh, and how many rows only one of the two has."""
    table = sql.Identifier(schema, name)
    description = conn.execute(sql.SQL("select * from {} limit 0").format(table)).description or []
    columns = sql.SQL(", ").join(
        sql.Identifier(column.name) for column in description if column.name not in BOOKKEEPING
    )
    statement = sql.SQL(
        "with a as (select {columns} from {incremental}), b as (select {columns} from {full})"
        " select (select count(*) from b),"
        " (select count(*) from (table a except all table b) as only_incremental)"
        " + (select count(*) from (table b except all table a) as only_full)"
    ).format(columns=columns, incremental=sql.Identifier("incremental", name), full=table)
    row = conn.execute(statement).fetchone()
    assert row is not None
    return row[0], row[1]


def _row_versions(conn: psycopg.Connection) -> dict[tuple[str, str], object]:
    """Table -> what changes when any of its rows is written, even with the same values."""
    tables = conn.execute(
        "select schemaname, tablename from pg_tables"
        " where schemaname ~ '^marts_' or schemaname in ('intermediate', 'snapshots', 'vault')"
    ).fetchall()
    return {
        (schema, table): conn.execute(
            sql.SQL(
                "select count(*), sum(xmin::text::bigint), sum(hashtext(t::text)) from {} as t"
            ).format(sql.Identifier(schema, table))
        ).fetchone()
        for schema, table in tables
    }
