"""Rows on their way into a raw table: staged first, published under the lock later.

Reading and checking take as long as their source does; the publish lock is held for one
`insert ... select` per table. The stage is made of temporary tables, so that what a killed
process staged never was.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Self

import psycopg
from psycopg import sql

from ingest.events import raw
from ingest.events.contracts import Rejection
from ingest.events.storable import write_storable
from ingest.events.topics import Topic

ROW_COLUMNS = "lane, source_partition, source_offset, key, payload, produced_at"
LETTER_COLUMNS = f"{ROW_COLUMNS}, error_class, reason, contract_version"
DDL = """
set local client_min_messages = warning;
create temporary table if not exists staged_row (
    lane text, source_partition integer, source_offset bigint, key text, payload jsonb,
    produced_at timestamptz, _loaded_at timestamptz
);
create temporary table if not exists staged_letter (
    lane text, source_partition integer, source_offset bigint, key bytea, payload bytea,
    produced_at timestamptz, error_class text, reason text, contract_version text,
    _loaded_at timestamptz, replayed_at timestamptz
);
truncate staged_row, staged_letter
"""
# jsonb goes as the bytes of its binary form, which is a version and the text
ROW_TYPES = ("text", "int4", "int8", "text", "bytea", "timestamptz", "timestamptz")
LETTER_TYPES = (
    *("text", "int4", "int8", "bytea", "bytea", "timestamptz", "text", "text", "text"),
    "timestamptz",
)
JSONB_VERSION = b"\x01"


class StagedRow(NamedTuple):
    """A record that keeps its contract. `loaded_at` None: it arrives when it is published."""

    lane: str
    partition: int
    offset: int
    key: str | None
    payload: bytes
    produced_at: datetime | None
    loaded_at: datetime | None = None


class StagedLetter(NamedTuple):
    """A record that does not."""

    lane: str
    partition: int
    offset: int
    key: bytes | None
    payload: bytes | None
    produced_at: datetime | None
    error_class: str
    reason: str
    contract_version: str | None
    loaded_at: datetime | None = None

    @classmethod
    def of(cls, row: StagedRow, why: Rejection, contract_version: str | None) -> Self:
        """The letter of a row."""
        key = None if row.key is None else row.key.encode()
        return cls(
            *(row.lane, row.partition, row.offset, key, row.payload),
            *(row.produced_at, why.error_class, why.reason, contract_version, row.loaded_at),
        )


class Stage:
    """The stage of one topic; lives as long as the caller's transaction."""

    def __init__(self, conn: psycopg.Connection, topic: Topic) -> None:
        self.conn = conn
        self.topic = topic
        conn.execute(DDL)

    def add(self, rows: Sequence[StagedRow]) -> list[tuple[StagedRow, Rejection]]:
        """Stage rows. Returns those that Postgres cannot store, though their contract let them."""
        refused: list[tuple[StagedRow, Rejection]] = []
        write_storable(
            self.conn, rows, self._copy_rows, lambda row, why: refused.append((row, why))
        )
        return refused

    def add_letters(self, letters: Sequence[StagedLetter]) -> None:
        """Stage dead letters."""
        if not letters:
            return
        statement = f"copy staged_letter ({LETTER_COLUMNS}, _loaded_at) from stdin (format binary)"
        with self.conn.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            copy.set_types(LETTER_TYPES)
            for letter in letters:
                copy.write_row(letter)

    def publish(self, load_id: int, loaded_at: datetime) -> tuple[int, int]:
        """Move everything to its table. Returns rows accepted and rejected. Hold the lock."""
        days = self.conn.execute(
            "select distinct (coalesce(_loaded_at, %s) at time zone 'UTC')::date from staged_row",
            [loaded_at],
        ).fetchall()
        for (day,) in days:
            raw.ensure_partition(self.conn, self.topic, day)
        accepted = self.conn.execute(
            sql.SQL(
                "insert into {} ({columns}, _load_id, _loaded_at)"
                " select {columns}, %s, coalesce(_loaded_at, %s) from staged_row"
            ).format(
                sql.Identifier(raw.SCHEMA, self.topic.table_name), columns=sql.SQL(ROW_COLUMNS)
            ),
            [load_id, loaded_at],
        )
        rejected = self.conn.execute(
            sql.SQL(
                "insert into raw_events.dead_letter (topic, {columns}, replayed_at, _load_id,"
                " _loaded_at) select %s, {columns}, replayed_at, %s, coalesce(_loaded_at, %s)"
                " from staged_letter"
            ).format(columns=sql.SQL(LETTER_COLUMNS)),
            [self.topic.topic, load_id, loaded_at],
        )
        return accepted.rowcount, rejected.rowcount

    def _copy_rows(self, rows: Sequence[StagedRow]) -> None:
        statement = f"copy staged_row ({ROW_COLUMNS}, _loaded_at) from stdin (format binary)"
        with self.conn.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            copy.set_types(ROW_TYPES)
            for lane, partition, offset, key, payload, produced_at, loaded_at in rows:
                binary = JSONB_VERSION + payload
                copy.write_row((lane, partition, offset, key, binary, produced_at, loaded_at))
