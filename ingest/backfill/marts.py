"""Days of an incremental model, computed anew and exchanged.

The model is computed as a whole beside the one that stands, as a full refresh would, because rows
of a day may depend on any other day. Exchanged are the rows whose key lies within the days, before
or after, all in one transaction: readers see the old rows or the new ones, views on the model stay,
and days whose raw rows are gone by now are left alone. What does not differ is not written.

A model knows how far it has read by the highest `_load_id` it holds (law 1). What arrived since
then is left to the next build, whichever day it is of: taken along, it would hide arrivals of other
days.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from ingest.errors import UserError

_COLUMNS = """
select attname, format_type(atttypid, null)
from pg_attribute where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped
order by attname
"""
_KEYS: LiteralString = """
create temp table touched on commit drop as
(select {key} from {standing} where {within} union select {key} from computed where {within})
except
select {key} from computed where {is_pending}
"""
_IS_PENDING: LiteralString = "_load_id > (select coalesce(max(_load_id), 0) from {standing})"
_VANISHING: LiteralString = """
select count(*) from {standing} where ({key}) in (select {key} from touched)
and ({key}) not in (select {key} from computed)
"""
_DIFFERING: LiteralString = """
with old as (select {columns} from {standing} where ({key}) in (select {key} from touched)),
new as (select {columns} from computed where ({key}) in (select {key} from touched)),
gone as (table old except all table new),
come as (table new except all table old)
select (select count(*) from gone) + (select count(*) from come)
"""
_DELETE: LiteralString = "delete from {standing} where ({key}) in (select {key} from touched)"
_INSERT: LiteralString = """
insert into {standing} ({columns})
select {columns} from computed where ({key}) in (select {key} from touched)
"""


@dataclass(frozen=True, slots=True)
class Model:
    """An incremental model: the SQL of a full refresh, its key, and the column that says when.

    Without `event_time` all of it is exchanged.
    """

    schema: str
    name: str
    statement: str
    key: tuple[str, ...]
    event_time: str | None = None


def exchange(
    conn: psycopg.Connection, model: Model, first: date, last: date, may_lose: bool = False
) -> int:
    """Exchange the rows of `model` from day `first` to `last`; how many rows differed.

    Days are UTC, or the model's own where it has days. In the caller's transaction. Raises
    `UserError` if the model was never built or has other columns now, and, unless `may_lose`, if
    keys would vanish: then raw rows are gone.
    """
    standing = _columns(conn, f"{_quoted(model.schema)}.{_quoted(model.name)}")
    if not standing:
        raise UserError(f"{model.name} is not built yet: run `coursehouse build`")
    conn.execute(
        sql.SQL("create temp table computed on commit drop as {}").format(sql.SQL(model.statement))
    )
    if _columns(conn, "pg_temp.computed") != standing:
        raise UserError(
            f"{model.name} has other columns than the one that stands:"
            f" run `coursehouse build --full-refresh --select {model.name}+`"
        )
    parts: dict[str, sql.Composable] = {
        "standing": sql.Identifier(model.schema, model.name),
        "columns": sql.SQL(", ").join(map(sql.Identifier, standing)),
        "key": sql.SQL(", ").join(map(sql.Identifier, model.key)),
        "within": _within(model, standing, first, last),
        "is_pending": sql.SQL("false"),
    }
    if model.event_time and "_load_id" in standing:
        parts["is_pending"] = sql.SQL(_IS_PENDING).format(standing=parts["standing"])

    def run(statement: LiteralString) -> psycopg.Cursor:
        return conn.execute(sql.SQL(statement).format(**parts))

    run(_KEYS)
    conn.execute("analyze computed, touched")
    vanishing = _number(run(_VANISHING))
    if vanishing and not may_lose:
        raise UserError(
            f"{vanishing:,} rows of {model.name} would vanish: bring the raw rows of these days"
            " back first (--topics), or say --allow-loss if a rule was changed to that end"
        )
    differing = _number(run(_DIFFERING))
    if differing:
        run(_DELETE)
        run(_INSERT)
    conn.execute("drop table computed, touched")
    return differing


def _within(model: Model, columns: dict[str, str], first: date, last: date) -> sql.Composable:
    """Condition: a row is of these days."""
    if model.event_time is None:
        return sql.SQL("true")
    column = sql.Identifier(model.event_time)
    begin: Any = first
    end: Any = last + timedelta(days=1)
    if columns[model.event_time] != "date":
        begin, end = (datetime.combine(day, time(), UTC) for day in (begin, end))
    return sql.SQL("{column} >= {begin} and {column} < {end}").format(
        column=column, begin=sql.Literal(begin), end=sql.Literal(end)
    )


def _columns(conn: psycopg.Connection, relation: str) -> dict[str, str]:
    return dict(conn.execute(_COLUMNS, [relation]).fetchall())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _number(cursor: psycopg.Cursor) -> int:
    row = cursor.fetchone()
    return int(row[0]) if row else 0
