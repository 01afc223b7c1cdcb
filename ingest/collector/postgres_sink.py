"""Without Kafka: one writer puts what arrives within a few milliseconds into one transaction."""

import asyncio
import logging
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from ingest.collector.problems import Problem, Unavailable
from ingest.collector.sink import Outgoing, Submission
from ingest.errors import UserError
from ingest.events import raw
from ingest.events.contracts import Rejection
from ingest.events.topics import Topic
from ingest.postgres import connect
from ingest.settings import Settings
from ingest.warehouse.manifest import next_load_id, record_load
from ingest.warehouse.merge import Counts

log = logging.getLogger("coursehouse.collector")
WINDOW_SECONDS = 0.005
OFFSETS = """
insert into ops.http_position as p (topic, next_offset) values (%s, %s)
on conflict (topic) do update
set next_offset = p.next_offset + excluded.next_offset, updated_at = clock_timestamp()
returning next_offset
"""
# A commit every few milliseconds is no news: one row of the manifest stands for an hour of them
# and carries the number of the newest.
RENUMBER = """
update ops.load_manifest
set
    load_id = %s, completed_at = clock_timestamp(), rows_inserted = rows_inserted + %s,
    tables = tables || %s
where load_id = %s and source = 'http'
"""


class PostgresSink:
    """Group commit to the raw tables, lane 'http', partition 0, a running offset per topic."""

    name = "postgres"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._queue: queue.SimpleQueue[Submission | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_forever, daemon=True)
        self._conn: psycopg.Connection | None = None
        self._partitions: set[tuple[str, date]] = set()
        self._manifest: tuple[int, datetime] | None = None  # our row and the hour it stands for

    def check(self) -> None:
        try:
            with connect(self._settings) as conn:
                row = conn.execute("select to_regclass('raw_stripe.events')").fetchone()
        except psycopg.Error:
            raise UserError("the warehouse went away") from None
        if row == (None,):
            raise UserError("the warehouse is not prepared for records: run coursehouse up")

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def submit(self, submission: Submission) -> None:
        self._queue.put(submission)

    def stop(self) -> None:
        self._queue.put(None)
        self._thread.join(self._settings.collect_ack_timeout_seconds)

    def _write_forever(self) -> None:
        is_open = True
        while is_open:
            group = [self._queue.get()]
            time.sleep(WINDOW_SECONDS)
            while not self._queue.empty():
                group.append(self._queue.get())
            submissions = [one for one in group if one is not None]
            is_open = len(submissions) == len(group)
            if submissions:
                self._write(submissions)
                self._loop.call_soon_threadsafe(_settle, submissions)
        if self._conn is not None:
            self._conn.close()

    def _write(self, group: Sequence[Submission]) -> None:
        """Commit `group`; what went wrong is left in its submissions."""
        try:
            self._commit([record for one in group for record in one.outgoing])
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            # one request that Postgres cannot take must not fail its neighbours
            if len(group) == 1:
                log.error("a request cannot be stored: %s", error.sqlstate)
                group[0].error = Problem(500, "the warehouse cannot store these records")
            else:
                for one in group:
                    self._write([one])
        except Exception as error:  # whatever it was, the writer lives on; messages quote values
            reason = getattr(error, "sqlstate", None) or type(error).__name__
            log.error("the warehouse did not store %d requests: %s", len(group), reason)
            self._disconnect()
            for one in group:
                one.error = Unavailable("the warehouse does not answer", 5)

    def _commit(self, outgoing: Sequence[Outgoing]) -> None:
        by_topic: defaultdict[Topic, list[Outgoing]] = defaultdict(list)
        for record in outgoing:
            by_topic[record.topic].append(record)
        conn = self._connection()
        started_at = datetime.now(UTC)
        added = 0
        refused: list[tuple[Outgoing, Rejection]] = []
        with conn.transaction():
            load_id = next_load_id(conn)
            loaded_at = datetime.now(UTC)
            for topic, records in by_topic.items():
                if (topic.topic, loaded_at.date()) not in self._partitions:
                    raw.ensure_partition(conn, topic, loaded_at.date())
                first = _take_offsets(conn, topic, len(records))
                rows = _number(records, first)
                stored, new = raw.append_storable(conn, topic, "http", rows, load_id, loaded_at)
                added += new.inserted
                refused += [
                    (records[letter.offset - first], why) for letter, why in stored.rejected
                ]
            hour = self._record(conn, load_id, added, by_topic, started_at)
        for record, why in refused:
            record.rejection = why
        self._manifest = (load_id, hour)
        self._partitions = {(topic.topic, loaded_at.date()) for topic in by_topic} | {
            known for known in self._partitions if known[1] == loaded_at.date()
        }

    def _record(
        self,
        conn: psycopg.Connection,
        load_id: int,
        added: int,
        topics: Iterable[Topic],
        now: datetime,
    ) -> datetime:
        # which tables got something is what freshness asks for
        tables: dict[str, Any] = {topic.table_name: {} for topic in topics}
        hour = now.replace(minute=0, second=0, microsecond=0)
        if self._manifest is not None and self._manifest[1] == hour:
            renumber = [load_id, added, Jsonb(tables), self._manifest[0]]
            if conn.execute(RENUMBER, renumber).rowcount:
                return hour
        record_load(conn, load_id, "http", Counts(inserted=added), now, tables)
        return hour

    def _connection(self) -> psycopg.Connection:
        if self._conn is None:
            self._conn = connect(self._settings)
            self._conn.autocommit = True
            milliseconds = int(self._settings.collect_ack_timeout_seconds * 1000)
            self._conn.execute(f"set lock_timeout = {milliseconds}")
            # an acknowledged record is on disk, whatever the server's default says
            self._conn.execute("set synchronous_commit = on")
        return self._conn

    def _disconnect(self) -> None:
        if self._conn is not None:
            self._conn.close()
        self._conn = None


def _take_offsets(conn: psycopg.Connection, topic: Topic, count: int) -> int:
    row = conn.execute(OFFSETS, [topic.topic, count]).fetchone()
    assert row is not None  # noqa: S101
    return int(row[0]) - count


def _number(records: Sequence[Outgoing], first: int) -> raw.Sorted:
    rows = raw.Sorted([], [])
    for offset, out in enumerate(records, start=first):
        record = raw.Record(0, offset, out.key, out.value, out.received_at)
        if out.rejection is None:
            rows.accepted.append(record)
        else:
            rows.rejected.append((record, out.rejection))
    return rows


def _settle(group: Sequence[Submission]) -> None:
    for submission in group:
        submission.settle()
