"""Where reading goes on: `ops.kafka_position`, moved in the transaction that stores the rows.

A position is the offset of the next record; ranges are half-open. Each move names the offset it
starts from, so that of two loaders on one partition only one can store it (compare and set).

A topic that was deleted and made anew counts from 0 again. What it had before becomes the base of
its partitions: rows are known by base and offset together, so that no two share an identity.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

Partition = tuple[str, int]  # topic and number


class Conflict(Exception):
    """Another loader has moved one of the positions meanwhile."""


@dataclass(frozen=True, slots=True)
class Position:
    """The next offset (None: the earliest there is), the base to add to offsets for the identity
    of a row, and the id the topic had when it was reached (None: not known)."""

    next_offset: int | None
    topic_id: str | None
    base_offset: int = 0

    def is_of_another(self, topic_id: str | None) -> bool:
        """True if it was reached in a topic that was deleted since and made anew."""
        return None not in (self.topic_id, topic_id) and self.topic_id != topic_id


UNREAD = Position(None, None)


@dataclass(frozen=True, slots=True)
class Move:
    """From `expected` (None: the earliest there is) to `next_offset`."""

    expected: int | None
    next_offset: int


def read_positions(conn: psycopg.Connection, topics: Iterable[str]) -> dict[Partition, Position]:
    """The positions of some topics; partitions that were never read are missing."""
    rows = conn.execute(
        "select topic, partition, next_offset, topic_id, base_offset from ops.kafka_position"
        " where topic = any(%s)",
        [list(topics)],
    ).fetchall()
    return {(topic, number): Position(*position) for topic, number, *position in rows}


def move(
    conn: psycopg.Connection,
    moves: Mapping[Partition, Move],
    topic_ids: Mapping[str, str | None],
) -> None:
    """Move positions in the caller's transaction; `Conflict` unless each stands where expected."""
    first: list[dict[str, Any]] = []
    further: list[dict[str, Any]] = []
    for (topic, number), step in sorted(moves.items()):  # one order: two loaders cannot deadlock
        row = {
            "topic": topic,
            "partition": number,
            "expected": step.expected,
            "next_offset": step.next_offset,
            "topic_id": topic_ids.get(topic),
        }
        (first if step.expected is None else further).append(row)
    moved = 0
    with conn.cursor() as cursor:
        if first:
            cursor.executemany(
                "insert into ops.kafka_position (topic, partition, next_offset, topic_id)"
                " values (%(topic)s, %(partition)s, %(next_offset)s, %(topic_id)s)"
                " on conflict (topic, partition) do update set next_offset = excluded.next_offset,"
                " topic_id = excluded.topic_id, updated_at = clock_timestamp()"
                " where kafka_position.next_offset is null",
                first,
            )
            moved += cursor.rowcount
        if further:
            cursor.executemany(
                "update ops.kafka_position set next_offset = %(next_offset)s,"
                " topic_id = coalesce(%(topic_id)s, topic_id), updated_at = clock_timestamp()"
                " where topic = %(topic)s and partition = %(partition)s"
                " and next_offset = %(expected)s",
                further,
            )
            moved += cursor.rowcount
    if moved != len(moves):
        raise Conflict


def forget(conn: psycopg.Connection, positions: Mapping[Partition, int]) -> None:
    """Let partitions that still stand at these offsets go on with their earliest record."""
    _where_they_stand(
        conn,
        "update ops.kafka_position set next_offset = null"
        " where topic = %s and partition = %s and next_offset = %s",
        positions,
    )


def renew(conn: psycopg.Connection, positions: Mapping[Partition, int]) -> None:
    """The same for topics that were made anew: their offsets count from there on."""
    _where_they_stand(
        conn,
        "update ops.kafka_position set next_offset = null, base_offset = base_offset + next_offset"
        " where topic = %s and partition = %s and next_offset = %s",
        positions,
    )


def named(partitions: Iterable[Partition]) -> str:
    """For people."""
    return ", ".join(f"{topic} partition {number}" for topic, number in partitions)


def _where_they_stand(
    conn: psycopg.Connection, statement: LiteralString, positions: Mapping[Partition, int]
) -> None:
    with conn.cursor() as cursor:
        cursor.executemany(
            statement,
            [(topic, number, offset) for (topic, number), offset in sorted(positions.items())],
        )
