"""Store a batch: rows, dead letters and positions, all in one transaction or nothing (law 4)."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime

import psycopg

from ingest.events import raw
from ingest.events.raw import Lane, Sorted
from ingest.events.topics import Topic
from ingest.kafka.positions import Move, Partition, move
from ingest.kafka.summary import Tally
from ingest.monitoring.figures import Figures
from ingest.moodle.changes import ChangeTopic
from ingest.warehouse.manifest import next_load_id, record_load
from ingest.warehouse.merge import Counts

LANE: Lane = "kafka"


class Store:
    """Writes batches over one connection in autocommit mode."""

    def __init__(self, conn: psycopg.Connection, figures: Figures, source: str = "events") -> None:
        self._conn = conn
        self._figures = figures
        self._source = source
        self._partitions: set[tuple[str, date]] = set()

    def add(
        self,
        batch: Mapping[Topic, Sorted],
        moves: Mapping[Partition, Move],
        topic_ids: Mapping[str, str | None],
        started_at: datetime,
    ) -> Tally:
        """Store what was read since `started_at` and move positions behind it.

        Returns what went where. Raises `Conflict` if another loader was quicker, or
        `psycopg.Error`; then nothing was stored.
        """
        loaded_at = now()
        tally, added = Tally(), Counts()
        for topic in batch:
            self._ensure_partition(topic, loaded_at.date())
        with self._conn.transaction():
            for topic in batch:
                raw.prepare(self._conn, topic)
            move(self._conn, moves, topic_ids)
            if batch:
                load_id = next_load_id(self._conn)
                for topic, rows in batch.items():
                    with self._timed(topic, len(rows.accepted) + len(rows.rejected)):
                        stored, new = raw.append_storable(
                            self._conn, topic, LANE, rows, load_id, loaded_at
                        )
                    added += new
                    tally.add(
                        topic.topic, len(stored.accepted), [why for _, why in stored.rejected]
                    )
                record_load(
                    self._conn,
                    load_id,
                    self._source,
                    added,
                    started_at,
                    tables={topic.table_name: tally.of(topic.topic) for topic in batch},
                )
        self._figures.stored(tally)
        self._figures.changed(added)
        return tally

    def _timed(self, topic: Topic, records: int) -> AbstractContextManager[None]:
        """What counts as a write is one COPY; changes are merged, which takes longer."""
        is_merge = isinstance(topic, ChangeTopic)
        return nullcontext() if is_merge else self._figures.writing(records)

    def _ensure_partition(self, topic: Topic, day: date) -> None:
        """In a transaction of its own: creating one must not wait within a load."""
        if (topic.topic, day) not in self._partitions:
            with self._conn.transaction():
                raw.ensure_partition(self._conn, topic, day)
            self._partitions.add((topic.topic, day))


def now() -> datetime:
    """The time of arrival."""
    return datetime.now(UTC)
