"""Simulated events in the raw tables, as the loaders put them there, without a broker."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import psycopg

from ingest.events import raw
from ingest.events.topics import topics
from ingest.simulate.noise import Message
from ingest.warehouse.manifest import next_load_id, record_load
from ingest.warehouse.merge import Counts


def load_messages(
    conn: psycopg.Connection, messages: Iterable[Message], loaded_at: datetime | None = None
) -> int:
    """Load messages in one load, in their order; gives its number.

    `loaded_at` is the clock of the load, now if left out. A partition per topic, offsets go on
    where the table ends.
    """
    moment = loaded_at or datetime.now(UTC)
    by_topic: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        by_topic[message.topic].append(message)
    with conn.transaction():
        load_id = next_load_id(conn)
        for name, sent in by_topic.items():
            topic = topics()[name]
            raw.ensure_partition(conn, topic, moment.date())
            first = _next_offset(conn, topic.table_name)
            records = [
                raw.Record(0, first + number, message.key, message.value, message.produced_at)
                for number, message in enumerate(sent)
            ]
            raw.append(conn, topic, "kafka", raw.sort(topic, records), load_id, moment)
        total = Counts(inserted=sum(map(len, by_topic.values())))
        tables = {topics()[name].table_name: {"inserted": len(s)} for name, s in by_topic.items()}
        started = moment - timedelta(seconds=1)
        record_load(conn, load_id, "events", total, started, tables)
    return load_id


def _next_offset(conn: psycopg.Connection, table: str) -> int:
    row = conn.execute(
        "select greatest("
        f" (select max(source_offset) from raw_events.{table}),"
        " (select max(source_offset) from raw_events.dead_letter), -1) + 1"
    ).fetchone()
    return int(row[0]) if row else 0
