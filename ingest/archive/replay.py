"""`coursehouse replay`: dead letters are checked again, against the contracts of today.

A letter is marked in the transaction that appends its record, and locked until then: it comes
back once, whoever is killed and however many replays run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import psycopg

from ingest.events.contracts import Rejection, contract_of
from ingest.events.raw import text_of
from ingest.events.stage import Stage, StagedRow
from ingest.events.topics import Topic, choose
from ingest.files.load import Say
from ingest.settings import Settings
from ingest.stripe.stage import StripeStage
from ingest.warehouse.manifest import next_load_id, record_load
from ingest.warehouse.merge import Counts
from ingest.warehouse.session import warehouse

SOURCE = "replay"
BATCH_ROWS = 1_000  # what is held in memory and locked at once; a record may have a megabyte
OPEN_LETTERS = """
select
    dead_letter_id, lane, source_partition, source_offset, key, payload, produced_at
from raw_events.dead_letter
where
    replayed_at is null
    and topic = %(topic)s
    and dead_letter_id > %(after)s
    and dead_letter_id <= %(last)s
    and (%(error_class)s::text is null or error_class = %(error_class)s)
order by dead_letter_id
limit %(limit)s
for update skip locked
"""
MARK_REPLAYED = """
update raw_events.dead_letter
set replayed_at = %(at)s, last_attempt_at = %(at)s, attempts = attempts + 1
where dead_letter_id = any(%(ids)s)
"""
MARK_REFUSED = """
update raw_events.dead_letter as letter
set
    attempts = letter.attempts + 1,
    last_attempt_at = %(at)s,
    error_class = refused.error_class,
    reason = refused.reason,
    contract_version = %(version)s
from
    unnest(%(ids)s::bigint [], %(classes)s::text [], %(reasons)s::text [])
    as refused (dead_letter_id, error_class, reason)
where letter.dead_letter_id = refused.dead_letter_id
"""


class Letter(NamedTuple):
    """An open dead letter."""

    id: int
    lane: str
    partition: int
    offset: int
    key: bytes | None
    payload: bytes | None
    produced_at: datetime | None

    def row(self) -> StagedRow:
        """The record, accepted; it arrives now."""
        key = None if self.key is None else text_of(self.key)
        identity = (self.lane, self.partition, self.offset)
        return StagedRow(*identity, key, self.payload or b"", self.produced_at)


@dataclass
class Replayed:
    """Letters that were accepted, and those that still break their contract."""

    accepted: int = 0
    refused: int = 0


def replay(
    settings: Settings,
    say: Say,
    names: list[str] | None = None,
    error_class: str | None = None,
) -> Replayed:
    """Check the open letters of the named topics (all for None). Raises `UserError`."""
    total = Replayed()
    with warehouse(settings) as conn:
        for topic in choose(names or []):
            result = _replay_topic(conn, topic, error_class)
            if result.accepted or result.refused:
                say(f"{topic.topic}: {result.accepted:,} accepted, {result.refused:,} refused")
            total.accepted += result.accepted
            total.refused += result.refused
    return total


def _replay_topic(conn: psycopg.Connection, topic: Topic, error_class: str | None) -> Replayed:
    total = Replayed()
    last = conn.execute("select max(dead_letter_id) from raw_events.dead_letter").fetchone()
    params = {
        "topic": topic.topic,
        "after": 0,
        "last": (last and last[0]) or 0,
        "error_class": error_class,
        "limit": BATCH_ROWS,
    }
    while True:
        with conn.transaction():
            rows = conn.execute(OPEN_LETTERS, params, binary=True).fetchall()
            if not rows:
                return total
            letters = [Letter(*row) for row in rows]
            accepted, refused = _replay_batch(conn, topic, letters)
        params["after"] = letters[-1].id
        total.accepted += accepted
        total.refused += refused


def _replay_batch(
    conn: psycopg.Connection, topic: Topic, letters: Sequence[Letter]
) -> tuple[int, int]:
    started_at = datetime.now(UTC)
    contract = contract_of(topic.topic)
    passed, refused = {}, []
    for letter in letters:
        if (why := contract.check(letter.payload)) is None:
            passed[letter[1:4]] = letter
        else:
            refused.append((letter, why))
    stage = Stage(conn, topic) if topic.is_log else StripeStage(conn)
    for row, why in stage.add([letter.row() for letter in passed.values()]):
        refused.append((passed.pop(row[:3]), why))
    _mark_refused(conn, topic, refused)
    if passed:
        load_id = next_load_id(conn)
        now = datetime.now(UTC)
        rows, _ = stage.publish(load_id, now)
        ids = [letter.id for letter in passed.values()]
        conn.execute(MARK_REPLAYED, {"at": now, "ids": ids})
        tables = {topic.table_name: {"inserted": rows}}
        record_load(conn, load_id, SOURCE, Counts(rows), started_at, tables)
    return len(passed), len(refused)


def _mark_refused(
    conn: psycopg.Connection, topic: Topic, refused: Sequence[tuple[Letter, Rejection]]
) -> None:
    if refused:
        params: dict[str, Any] = {
            "at": datetime.now(UTC),
            "version": contract_of(topic.topic).version,
            "ids": [letter.id for letter, _ in refused],
            "classes": [why.error_class for _, why in refused],
            "reasons": [why.reason for _, why in refused],
        }
        conn.execute(MARK_REFUSED, params)
