"""Compares whole rows of tables with those set aside before, apart from how they got there."""

from collections.abc import Iterable

import psycopg
from psycopg import sql

# The load that computed a row may differ, and what it was before: this says how the row got there,
# not what it is.
BOOKKEEPING = ("_load_id", "_loaded_at", "_payout_load_id", "_moved_from")


def set_aside(conn: psycopg.Connection, tables: Iterable[tuple[str, str]], schema: str) -> None:
    """Copy the tables (schema, name) into a new schema."""
    conn.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
    for source, name in tables:
        conn.execute(
            sql.SQL("create table {} as select * from {}").format(
                sql.Identifier(schema, name), sql.Identifier(source, name)
            )
        )


def compare(conn: psycopg.Connection, aside: str, schema: str, name: str) -> tuple[int, int]:
    """Rows of the table that stands, and how many rows only one of both has."""
    table = sql.Identifier(schema, name)
    description = conn.execute(sql.SQL("select * from {} limit 0").format(table)).description or []
    columns = sql.SQL(", ").join(
        sql.Identifier(column.name) for column in description if column.name not in BOOKKEEPING
    )
    statement = sql.SQL(
        "with a as (select {columns} from {aside}), b as (select {columns} from {standing})"
        " select (select count(*) from b),"
        " (select count(*) from (table a except all table b) as only_aside)"
        " + (select count(*) from (table b except all table a) as only_standing)"
    ).format(columns=columns, aside=sql.Identifier(aside, name), standing=table)
    row = conn.execute(statement).fetchone()
    assert row is not None
    return row[0], row[1]
