"""`coursehouse archive`: every record that arrived since the last run, as Parquet.

A run is written down before its files are. One that was cut off is done again with the same
loads and the same names, so a file takes the place of its half or of itself: no loss, no double.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
import pyarrow as pa
from psycopg import sql

from ingest.archive.catalog import (
    LOCK,
    SCHEMA,
    TARGET_BYTES,
    ArchiveFile,
    file_name,
    output,
    row_groups,
)
from ingest.events import raw
from ingest.events.topics import Topic, logs
from ingest.files.load import Say
from ingest.files.store import Store
from ingest.settings import Settings
from ingest.warehouse.session import alone, warehouse

FETCH_ROWS = 500  # a record may have a megabyte
# What a backfill brought came from here.
ARRIVALS = """
with arrivals as (
    select
        lane, source_partition, source_offset, convert_to(key, 'UTF8') as key,
        convert_to(payload::text, 'UTF8') as payload, produced_at, _load_id, _loaded_at,
        false as is_rejected, null as error_class, null as reason, null as contract_version
    from {table}
    where _load_id between %(first)s and %(last)s and {in_day}
    union all
    select
        lane, source_partition, source_offset, key, payload, produced_at, _load_id, _loaded_at,
        true, error_class, reason, contract_version
    from raw_events.dead_letter
    where topic = %(topic)s and _load_id between %(first)s and %(last)s and {in_day}
)

select {columns}
from arrivals
where _load_id not in (
    select load_id from ops.load_manifest
    where source = 'backfill' and load_id between %(first)s and %(last)s
)
"""
ONE_DAY = "_loaded_at >= %(day)s::timestamp at time zone 'UTC'" + (
    " and _loaded_at < (%(day)s + 1)::timestamp at time zone 'UTC'"
)
OPEN_RUN = """
with latest as (
    select coalesce(max(last_load_id), 0) + 1 as first_load_id from ops.archive_run
)

insert into ops.archive_run (first_load_id, last_load_id)
select latest.first_load_id, max(loads.load_id)
from latest, ops.load_manifest as loads
where
    loads.load_id >= latest.first_load_id
    and not exists (select 1 from ops.archive_run where completed_at is null)
group by latest.first_load_id
"""


@dataclass(frozen=True, slots=True)
class Run:
    """The loads one run archives, both ends included."""

    run_id: int
    first: int
    last: int


def archive(settings: Settings, say: Say) -> int:
    """Archive what arrived. Returns the number of rows written. Raises `UserError`."""
    store = Store(settings.archive)
    with warehouse(settings) as conn:
        alone(conn, LOCK)
        return archive_arrivals(conn, store, say)


def archive_arrivals(conn: psycopg.Connection, store: Store, say: Say) -> int:
    """The same on a connection that holds the archive's lock."""
    rows = 0
    while (run := _open_run(conn)) is not None:
        written: list[ArchiveFile] = []
        for topic in logs().values():
            for day in _days(conn, topic, run):
                written += _write_day(conn, store, topic, day, run)
        _complete(conn, run, written)
        for file in written:
            say(f"{file.file_name}: {file.row_count:,} rows, {file.size_bytes:,} bytes")
        rows += sum(file.row_count or 0 for file in written)
    return rows


def _open_run(conn: psycopg.Connection) -> Run | None:
    """The run that was cut off, else a new one, None if nothing was loaded since the last.

    Load numbers grow in commit order: below the highest one that shows none can follow.
    """
    conn.execute(OPEN_RUN)
    row = conn.execute(
        "select run_id, first_load_id, last_load_id from ops.archive_run where completed_at is null"
    ).fetchone()
    return Run(*row) if row else None


def _complete(conn: psycopg.Connection, run: Run, written: list[ArchiveFile]) -> None:
    with conn.transaction():
        with conn.cursor() as cursor:
            cursor.executemany(
                "insert into ops.archive_file (topic, arrival_date, file_name, first_load_id,"
                " last_load_id, row_count, size_bytes, written_at)"
                " values (%s, %s, %s, %s, %s, %s, %s, clock_timestamp())",
                [
                    (
                        *(file.topic, file.arrival_date, file.file_name, file.first_load_id),
                        *(file.last_load_id, file.row_count, file.size_bytes),
                    )
                    for file in written
                ],
            )
        conn.execute(
            "update ops.archive_run set completed_at = clock_timestamp() where run_id = %s",
            [run.run_id],
        )


def _days(conn: psycopg.Connection, topic: Topic, run: Run) -> list[date]:
    query = _arrivals(topic, "distinct (_loaded_at at time zone 'UTC')::date", "true")
    return sorted(day for (day,) in conn.execute(query, _params(topic, run)))


def _write_day(
    conn: psycopg.Connection, store: Store, topic: Topic, day: date, run: Run
) -> Iterator[ArchiveFile]:
    """Write a day's arrivals, in as many files as the target size makes of them."""
    with conn.transaction(), conn.cursor(name="arrivals", binary=True) as cursor:
        cursor.execute(_arrivals(topic, "*", ONE_DAY), {**_params(topic, run), "day": day})
        groups = row_groups(_batches(cursor))
        group = next(groups, None)
        part = 0
        while group is not None:
            name = file_name(topic.topic, day, run.first, run.last, f"{part:03d}")
            with output(store, name) as file:
                while group is not None and (file.rows == 0 or file.size < TARGET_BYTES):
                    file.write(group)
                    group = next(groups, None)
                file.close()
                rows, size = file.rows, file.size
            yield ArchiveFile(
                0, topic.topic, day, name, run.first, run.last, row_count=rows, size_bytes=size
            )
            part += 1


def _batches(cursor: psycopg.ServerCursor[Any]) -> Iterator[pa.RecordBatch]:
    while rows := cursor.fetchmany(FETCH_ROWS):
        columns = zip(*rows, strict=True)
        yield pa.RecordBatch.from_arrays(
            [pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
        )


def _arrivals(topic: Topic, columns: str, in_day: str) -> sql.Composed:
    return sql.SQL(ARRIVALS).format(
        table=sql.Identifier(raw.SCHEMA, topic.table_name),
        columns=sql.SQL(columns),
        in_day=sql.SQL(in_day),
    )


def _params(topic: Topic, run: Run) -> dict[str, Any]:
    return {"topic": topic.topic, "first": run.first, "last": run.last}
