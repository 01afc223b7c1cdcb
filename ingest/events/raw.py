"""Raw event tables: one per topic, partitioned by arrival day, rows only ever added.

A row is known by (lane, source_partition, source_offset): for Kafka partition and offset, for a
batch file its number in `ops.file_manifest` and the line, for HTTP 0 and a running number.
Partitions are attached, not created in place: that waits for no reader.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from ingest.events.contracts import Rejection, contract_in
from ingest.events.storable import write_storable
from ingest.events.topics import Topic, logs
from ingest.moodle import changes
from ingest.moodle.changes import ChangeTopic
from ingest.stripe import events as stripe_events
from ingest.warehouse.merge import Counts

Lane = Literal["kafka", "file", "http"]
SCHEMA = "raw_events"
PARTITION_LOCK = "coursehouse:partition"
ROW_TYPES = ("text", "int4", "int8", "text", "jsonb", "timestamptz", "int8", "timestamptz")
DDL = """
create table if not exists {table} (
    lane text not null,
    source_partition integer not null,
    source_offset bigint not null,
    key text,
    payload jsonb not null,
    produced_at timestamptz,
    _load_id bigint not null,
    _loaded_at timestamptz not null
) partition by range (_loaded_at);
"""
# Rows arrive in the order of their load, so a block range index finds an increment for nearly
# nothing; a tree would cost a quarter of the rate.
INDEX = "create index if not exists {index} on {table} using brin (_load_id, _loaded_at);"


class Record(NamedTuple):
    """One record as it came. A tuple: made a million times, it takes half the time."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    produced_at: datetime | None


@dataclass(slots=True)
class Sorted:
    """Records of one topic, told apart by its contract."""

    accepted: list[Record]
    rejected: list[tuple[Record, Rejection]]


def sort(topic: Topic, records: Iterable[Record]) -> Sorted:
    """Tell apart what keeps the topic's contract and what does not."""
    contract = contract_in(topic.contract)
    result = Sorted([], [])
    for record in records:
        if record.value is None and isinstance(topic, ChangeTopic):
            continue  # follows a deletion, for whoever compacts the topic
        rejection = contract.check(record.value)
        if rejection is None:
            result.accepted.append(record)
        else:
            result.rejected.append((record, rejection))
    return result


def table_ddl() -> list[sql.Composed]:
    """Statements that create the raw table of every log where it is missing."""
    statements = []
    for topic in logs().values():
        index = sql.Identifier(f"{topic.table_name}_load_ix")
        statements.append(sql.SQL(DDL).format(table=_table(topic)))
        statements.append(sql.SQL(INDEX).format(index=index, table=_table(topic)))
    return statements


def ensure_partition(conn: psycopg.Connection, topic: Topic, day: date) -> None:
    """Make sure that rows that arrive on `day` (UTC) have a partition.

    Best called in a transaction of its own: loaders that need the same partition take turns.
    """
    name = f"{topic.table_name}_{day:%Y%m%d}"
    if not topic.is_log or _exists(conn, name):
        return
    conn.execute("select pg_advisory_xact_lock(hashtext(%s))", [PARTITION_LOCK])
    if _exists(conn, name):  # made while this one waited
        return
    partition = sql.Identifier(SCHEMA, name)
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    conn.execute(
        sql.SQL("create table {} (like {} including all)").format(partition, _table(topic))
    )
    conn.execute(
        sql.SQL("alter table {} attach partition {} for values from ({}) to ({})").format(
            _table(topic),
            partition,
            sql.Literal(first.isoformat()),
            sql.Literal((first + timedelta(days=1)).isoformat()),
        )
    )


def prepare(conn: psycopg.Connection, topic: Topic) -> None:
    """What appending to a topic needs before the caller's transaction asks to publish."""
    if isinstance(topic, ChangeTopic):
        changes.wait_for_load(conn)


def append(
    conn: psycopg.Connection,
    topic: Topic,
    lane: Lane,
    rows: Sorted,
    load_id: int,
    loaded_at: datetime,
) -> Counts:
    """Add rows and dead letters in the caller's transaction. Returns the rows that changed.

    The partition of the day must be there. Raises `psycopg.DataError` where Postgres cannot store
    a payload that the contract let through.
    """
    if rows.rejected:
        _append_dead_letters(conn, topic, lane, rows.rejected, load_id, loaded_at)
    if not topic.is_log:
        values = [record.value or b"" for record in rows.accepted]
        if isinstance(topic, ChangeTopic):
            return changes.apply(conn, topic.prefix, values, load_id)
        return Counts(stripe_events.append(conn, lane, values, load_id, loaded_at))
    if rows.accepted:
        _append_rows(conn, topic, lane, rows.accepted, load_id, loaded_at)
    return Counts(len(rows.accepted))


def append_storable(
    conn: psycopg.Connection,
    topic: Topic,
    lane: Lane,
    rows: Sorted,
    load_id: int,
    loaded_at: datetime,
) -> tuple[Sorted, Counts]:
    """The same, but what Postgres cannot store becomes a dead letter.

    Returns what was stored as what, and the rows that changed: fewer than were accepted where a
    table keeps one of each (Stripe's, Moodle's).
    """
    stored = Sorted([], list(rows.rejected))
    changed = Counts()

    def write(records: Sequence[Record]) -> Counts:
        added = append(conn, topic, lane, Sorted(list(records), []), load_id, loaded_at)
        stored.accepted += records
        return added

    added = write_storable(
        conn, rows.accepted, write, lambda record, why: stored.rejected.append((record, why))
    )
    append(conn, topic, lane, Sorted([], stored.rejected), load_id, loaded_at)
    for counts in added:
        changed += counts
    return stored, changed


def _exists(conn: psycopg.Connection, table: str) -> bool:
    # not to_regclass: its cache does not see what another loader made while this one waited
    row = conn.execute(
        "select exists(select from pg_tables where schemaname = %s and tablename = %s)",
        [SCHEMA, table],
    ).fetchone()
    return row == (True,)


def _append_rows(
    conn: psycopg.Connection,
    topic: Topic,
    lane: Lane,
    accepted: Sequence[Record],
    load_id: int,
    loaded_at: datetime,
) -> None:
    statement = sql.SQL("copy {} from stdin (format binary)").format(_table(topic))
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(ROW_TYPES)
        for record in accepted:
            copy.write_row(
                (
                    lane,
                    record.partition,
                    record.offset,
                    text_of(record.key),
                    Jsonb(record.value, dumps=_as_is),
                    record.produced_at,
                    load_id,
                    loaded_at,
                )
            )


def _append_dead_letters(
    conn: psycopg.Connection,
    topic: Topic,
    lane: Lane,
    rejected: Sequence[tuple[Record, Rejection]],
    load_id: int,
    loaded_at: datetime,
) -> None:
    version = contract_in(topic.contract).version
    statement = (
        "copy raw_events.dead_letter (topic, lane, source_partition, source_offset, key, payload,"
        " produced_at, error_class, reason, contract_version, _load_id, _loaded_at) from stdin"
    )
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for record, why in rejected:
            copy.write_row(
                (
                    topic.topic,
                    lane,
                    record.partition,
                    record.offset,
                    record.key,
                    record.value,
                    record.produced_at,
                    why.error_class,
                    why.reason,
                    version,
                    load_id,
                    loaded_at,
                )
            )


def _table(topic: Topic) -> sql.Identifier:
    return sql.Identifier(SCHEMA, topic.table_name)


def text_of(key: bytes | None) -> str | None:
    """A key as text; what is no text is no key anybody could join by."""
    return None if key is None else key.decode(errors="replace").replace("\0", "\ufffd")


def _as_is(value: bytes) -> bytes:
    """JSON that was checked is stored as it came, not parsed and written again."""
    return value
