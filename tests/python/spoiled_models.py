"""Rows of a model that somebody spoiled, and what a backfill of a day makes of them."""

from datetime import date
from typing import LiteralString

import psycopg
from dbt.cli.main import dbtRunnerResult
from psycopg import sql
from row_comparison import BOOKKEEPING, set_aside
from warehouse_fixtures import Warehouse

from ingest.backfill.marts import Model
from ingest.build import Dbt

EXPECTED = "expected"
# another value of the type; null stays null
_OTHERS: dict[str, LiteralString] = {
    **dict.fromkeys(("bigint", "integer", "numeric", "double precision", "date"), "{0} + 1"),
    "boolean": "not {0}",
    "text": "{0} || '?'",
    "timestamp with time zone": "{0} + interval '1 day'",
}
_COLUMNS = """
select attname, format_type(atttypid, null)
from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped
"""
_UNIQUE = """
select attname from pg_index
inner join pg_attribute on attrelid = indrelid and attnum = any(indkey)
where indrelid = %s::regclass and indisunique
"""
_CHANGE: LiteralString = """
update {table} set {changes} where ctid in (
    select ctid from (select ctid, row_number() over () as place from {table}) as rows
    where place % 2 = 1
) or {day} is not distinct from {middle}
"""
# the first row, one of the newest load, stays
_DROP: LiteralString = """
delete from {table} where ctid in (
    select ctid from (
        select ctid, row_number() over (order by {newest_first}) as place from {table}
    ) as rows
    where place % 5 = 2
)
"""
_EXPECT: LiteralString = """
delete from {expected} where ({key}) not in (table touched);
insert into {expected} select * from {table} where ({key}) not in (table touched)
"""


class HouseDbt(Dbt):
    """dbt as `coursehouse backfill` has it, on a warehouse of the tests."""

    def __init__(self, house: Warehouse) -> None:
        self.house = house

    def _invoke(self, *command: str) -> dbtRunnerResult:
        return self.house.dbt(*command)


def spoil(conn: psycopg.Connection, model: Model) -> date | None:
    """Change every second row, drop every fifth; returns the day in their midst, if rows have one.

    That day is changed as a whole. Schema `expected` has what stands when that day, or else
    everything, is mended. Keys, times and the newest load, from which a build goes on, are not
    touched. In the caller's transaction.
    """
    name = f"{model.schema}.{model.name}"
    types: dict[str, str] = dict(conn.execute(_COLUMNS, [name]).fetchall())
    unique = {column for (column,) in conn.execute(_UNIQUE, [name]).fetchall()}
    kept = {*model.key, *unique, *BOOKKEEPING, model.event_time}
    changes = [
        sql.SQL("{0} = " + _OTHERS[kind]).format(sql.Identifier(column))
        for column, kind in types.items()
        if column not in kept and kind in _OTHERS
    ]
    parts: dict[str, sql.Composable] = {
        "table": sql.Identifier(model.schema, model.name),
        "expected": sql.Identifier(EXPECTED, model.name),
        "key": sql.SQL(", ").join(map(sql.Identifier, model.key)),
        "changes": sql.SQL(", ").join(changes),
        "day": sql.SQL("null::date"),
        "newest_first": sql.SQL("_load_id desc" if "_load_id" in types else "1"),
    }
    if model.event_time:
        is_day = types[model.event_time] == "date"
        day: LiteralString = "{0}" if is_day else "({0} at time zone 'UTC')::date"
        parts["day"] = sql.SQL(day).format(sql.Identifier(model.event_time))

    def run(statement: LiteralString) -> psycopg.Cursor:
        return conn.execute(sql.SQL(statement).format(**parts))

    set_aside(conn, [(model.schema, model.name)], EXPECTED)
    row = run("select percentile_disc(0.5) within group (order by {day}) from {table}").fetchone()
    middle: date | None = row[0] if row else None
    parts["middle"] = sql.Literal(middle)
    run(
        "create temp table touched on commit drop as select distinct {key} from {table}"
        " where {day} is not distinct from {middle}"
    )
    if changes:  # some consist of nothing but their key
        run(_CHANGE)
    run(_DROP)
    run(_EXPECT)
    run("drop table touched")  # the backfill has one of that name
    return middle
