"""Changes of Moodle's tables as Debezium reports them, into the tables that `load moodle` fills.

The last state of each row that a batch tells is what counts. It is merged as a load merges what it
read: a row that is the same keeps its `_load_id` (law 1), one that is gone is marked (law 5).
Columns that the table does not have yet come with the next `load moodle`, which knows their types.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg
from psycopg import sql

from ingest.erasure.moodle import withhold
from ingest.events.topics import Topic
from ingest.moodle.spec import SECRET_COLUMNS, TableSpec, read_spec
from ingest.warehouse.merge import BOOKKEEPING, Counts, LandedTable, TableMerge, columns_of

RAW_SCHEMA = "raw_moodle"
RAW_PREFIX = "mdl_"
TOPIC = "moodle.changes"
# a load of Moodle holds it while it reads and publishes: what it read must not overtake changes
SWEEP_LOCK = "coursehouse:moodle:changes"
# Postgres does not log a long text that an update left alone; Debezium says this in its place
UNCHANGED = "__debezium_unavailable_value"

Row = dict[str, Any]


class ChangeTopic(Topic):
    """The topic of all changes; `prefix` is that of the site's tables."""

    prefix: str


@dataclass(slots=True)
class Change:
    """The last that was told of a row: columns with their values, None if only that it is gone."""

    row: Row | None
    is_deleted: bool = False


def change_topic(prefix: str) -> ChangeTopic:
    """Not in the registry of topics: Kafka Connect makes it, and its records are no events."""
    return ChangeTopic(
        topic=TOPIC,
        schema_name="raw_moodle",
        table_name="moodle_changes",
        partitions=6,
        replication_factor=3,
        retention_ms=604_800_000,
        cleanup_policy="delete",
        contract=str(Path(__file__).with_suffix(".json")),
        person_field="",
        time_field="",
        is_public=False,
        raw_retention_days=8,
        warn_after_minutes=60,
        error_after_minutes=1_440,
        description="Changes of Moodle's tables",
        prefix=prefix,
    )


def readable(spec: TableSpec, row: Row) -> Row:
    """The part of a row that may be kept, and was told."""
    hidden = spec.exclude | SECRET_COLUMNS
    return {
        column: value
        for column, value in row.items()
        if column not in hidden and value != UNCHANGED
    }


def last_states(
    prefix: str, spec: dict[str, TableSpec], values: Iterable[bytes]
) -> dict[str, dict[int, Change]]:
    """Table without prefix -> id -> what the last of these envelopes says.

    Heartbeats, and tables that are not loaded, are passed over.
    """
    found: dict[str, dict[int, Change]] = {}
    for value in values:
        record = orjson.loads(value)
        envelope = record.get("payload", record)
        table = envelope.get("source", {}).get("table", "")
        name = table.removeprefix(prefix) if table.startswith(prefix) else ""
        if name not in spec:
            continue
        is_deleted = envelope["op"] == "d"
        row = envelope["before" if is_deleted else "after"]
        rows = found.setdefault(name, {})
        known = rows.get(row["id"])
        if is_deleted:
            # of the row before, Postgres logs its key only: the rest is no value
            rows[row["id"]] = Change(known.row if known else None, is_deleted=True)
        elif _is_wanted(spec[name], row):
            earlier = known.row or {} if known else {}
            rows[row["id"]] = Change(earlier | readable(spec[name], row))
    return found


def _is_wanted(spec: TableSpec, row: Row) -> bool:
    return spec.only is None or row.get(spec.only.column) in spec.only.values


def wait_for_load(conn: psycopg.Connection) -> None:
    """Keep `load moodle` out until the transaction ends; wait while one is running."""
    conn.execute("select pg_advisory_xact_lock(hashtext(%s))", [SWEEP_LOCK])


def apply(conn: psycopg.Connection, prefix: str, values: Sequence[bytes], load_id: int) -> Counts:
    """Change the raw tables in the caller's transaction; the rows that differ now.

    Raises `psycopg.DataError` where a value does not fit its column.
    """
    spec = read_spec()
    changes = last_states(prefix, spec, values)
    published = columns_of(conn, RAW_SCHEMA) if changes else {}
    total = Counts()
    for name in sorted(changes):  # one order: two loaders cannot deadlock
        table = LandedTable(RAW_PREFIX + name, spec[name].columns, rows=len(changes[name]))
        columns = published.get(table.name)
        if columns is None:
            _merge(conn, table, load_id, {}, {}).run(keys_landed=False)
            columns = spec[name].columns | BOOKKEEPING
        rows = {id_: change.row for id_, change in changes[name].items() if change.row}
        if rows:
            _stage(conn, table.name, rows)
            values_of = {c: type_ for c, type_ in columns.items() if c not in BOOKKEEPING}
            withhold(conn, "pg_temp", {table.name: values_of})
            total += _merge(conn, table, load_id, values_of, columns).run(keys_landed=False)
            conn.execute(sql.SQL("drop table {}").format(sql.Identifier("pg_temp", table.name)))
        if spec[name].sweep:
            gone = [id_ for id_, change in changes[name].items() if change.is_deleted]
            total.deleted += _merge(conn, table, load_id, {}, columns).mark_deleted(gone)
    return total


def _merge(
    conn: psycopg.Connection,
    table: LandedTable,
    load_id: int,
    landed: dict[str, str],
    published: dict[str, str],
) -> TableMerge:
    return TableMerge(conn, ("pg_temp", RAW_SCHEMA), load_id, table, landed, published)


def _stage(conn: psycopg.Connection, table: str, rows: dict[int, Row]) -> None:
    """Rows as the table has them, in a temporary one of its name; what is not told stays."""
    conn.execute("set local client_min_messages = warning")
    conn.execute(
        "create temporary table if not exists changed_row (id bigint, row jsonb) on commit drop"
    )
    conn.execute("truncate changed_row")
    with conn.cursor() as cursor, cursor.copy("copy changed_row from stdin") as copy:
        for id_, row in rows.items():
            copy.write_row((id_, orjson.dumps(row).decode()))
    conn.execute(
        sql.SQL(
            "create temporary table {landed} on commit drop as select new.*"
            " from changed_row as c left join {raw} as old on old.id = c.id"
            " cross join lateral jsonb_populate_record(old, c.row) as new"
        ).format(landed=sql.Identifier("pg_temp", table), raw=sql.Identifier(RAW_SCHEMA, table))
    )
