"""Raw rows and dead letters that are gone come back from the archive.

What is there is not touched: a record is known by its topic, lane, partition and offset. What is
missing arrives with a load number of its own, so that every model sees it (law 1), and with the
time of its first arrival, so that it lies in its day's partition and is as late as it was.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

from ingest.archive.catalog import batches, live_files
from ingest.events import raw
from ingest.events.stage import Stage, StagedLetter, StagedRow
from ingest.events.topics import Topic
from ingest.files.store import Store
from ingest.warehouse.manifest import next_load_id, record_load
from ingest.warehouse.merge import Counts

SOURCE = "backfill"
IDENTITY = ["lane", "source_partition", "source_offset"]
ROW_COLUMNS = [*IDENTITY, "key", "payload", "produced_at", "loaded_at"]
LETTER_COLUMNS = [
    *(*IDENTITY, "key", "payload", "produced_at", "error_class", "reason", "contract_version"),
    "loaded_at",
]
SAME = """
    known.lane = staged.lane and known.source_partition = staged.source_partition
    and known.source_offset = staged.source_offset
"""
FORGET_KNOWN_ROWS = f"""
delete from staged_row as staged using {{table}} as known
where known._load_id > %(after)s and {SAME}
"""  # noqa: S608
FORGET_KNOWN_LETTERS = f"""
delete from staged_letter as staged using raw_events.dead_letter as known
where known.topic = %(topic)s and known._load_id > %(after)s and {SAME}
"""  # noqa: S608
# A letter whose record was accepted later must not be replayed once more.
MARK_REPLAYED = f"""
update staged_letter as staged set replayed_at = known._loaded_at
from (
    select lane, source_partition, source_offset, _loaded_at from {{table}}
    union all
    select lane, source_partition, source_offset, _loaded_at from staged_row
) as known
where {SAME}
"""  # noqa: S608
# ... also one that came back before its record did, with an earlier day.
MARK_KNOWN_REPLAYED = f"""
update raw_events.dead_letter as known set replayed_at = staged._loaded_at
from staged_row as staged
where known.topic = %(topic)s and known.replayed_at is null and {SAME}
"""  # noqa: S608


@dataclass
class Backfilled:
    """Records that came back, as rows and as dead letters."""

    rows: int = 0
    letters: int = 0


def arrival_days(conn: psycopg.Connection, topic: Topic, first: date, last: date) -> list[date]:
    """UTC days of arrival the archive has of a topic, `first` to `last`."""
    return sorted({file.arrival_date for file in live_files(conn, topic, first, last)})


def backfill_day(
    conn: psycopg.Connection, store: Store, topic: Topic, day: date
) -> tuple[int, int]:
    """Bring back what arrived on a UTC day, in a transaction; rows and dead letters.

    Raises `UserError`. `conn` must hold the lock of the archive.
    """
    files = live_files(conn, topic, day, day)
    started_at = datetime.now(UTC)
    with conn.transaction():
        stage = Stage(conn, topic)
        for batch in (batch for file in files for batch in batches(store, file)):
            _stage(stage, batch)
        # read before what is known is looked up: what is loaded meanwhile is looked at again
        seen = _last_load(conn)
        _forget_known(conn, topic, after=0)
        _mark_replayed(conn, topic)
        if _is_empty(conn):
            return 0, 0
        load_id = next_load_id(conn)
        _forget_known(conn, topic, after=seen)
        conn.execute(MARK_KNOWN_REPLAYED.encode(), {"topic": topic.topic})
        rows, letters = stage.publish(load_id, datetime.now(UTC))
        tables = {topic.table_name: {"inserted": rows, "rejected": letters}}
        record_load(conn, load_id, SOURCE, Counts(rows), started_at, tables)
        return rows, letters


def _stage(stage: Stage, batch: pa.RecordBatch) -> None:
    is_rejected = pc.field("is_rejected")
    rows = [
        StagedRow(lane, partition, offset, key and key.decode(), payload, produced_at, loaded_at)
        for lane, partition, offset, key, payload, produced_at, loaded_at in _tuples(
            batch.filter(~is_rejected), ROW_COLUMNS
        )
    ]
    letters = [
        StagedLetter(*letter) for letter in _tuples(batch.filter(is_rejected), LETTER_COLUMNS)
    ]
    letters += [StagedLetter.of(row, why, None) for row, why in stage.add(rows)]
    stage.add_letters(letters)


def _tuples(batch: pa.RecordBatch, names: list[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(batch.column(name).to_pylist() for name in names), strict=True)


def _forget_known(conn: psycopg.Connection, topic: Topic, after: int) -> None:
    params = {"topic": topic.topic, "after": after}
    conn.execute("analyze staged_row, staged_letter")
    conn.execute(sql.SQL(FORGET_KNOWN_ROWS).format(table=_table(topic)), params)
    conn.execute(FORGET_KNOWN_LETTERS.encode(), params)


def _mark_replayed(conn: psycopg.Connection, topic: Topic) -> None:
    if conn.execute("select 1 from staged_letter limit 1").fetchone():
        conn.execute(sql.SQL(MARK_REPLAYED).format(table=_table(topic)))


def _is_empty(conn: psycopg.Connection) -> bool:
    query = "select 1 from staged_row union all select 1 from staged_letter limit 1"
    return conn.execute(query).fetchone() is None


def _last_load(conn: psycopg.Connection) -> int:
    row = conn.execute("select coalesce(max(load_id), 0) from ops.load_manifest").fetchone()
    return int(row[0]) if row else 0


def _table(topic: Topic) -> sql.Identifier:
    return sql.Identifier(raw.SCHEMA, topic.table_name)
