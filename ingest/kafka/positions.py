"""Where reading goes on: `ops.kafka_position`, moved in the transaction that stores the rows.

A position is the offset of the next record; ranges are half-open. Each move names the offset it
starts from, so that of two loaders on one partition only one can store it (compare and set).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

Partition = tuple[str, int]  # topic and number


class Conflict(Exception):
    """Another loader has moved one of the positions meanwhile."""


@dataclass(frozen=True, slots=True)
class Position:
    """The next offset, and the id the topic had when it was reached (None: not known)."""

    next_offset: int
    topic_id: str | None


@dataclass(frozen=True, slots=True)
class Move:
    """From `expected` (None: never read before) to `next_offset`."""

    expected: int | None
    next_offset: int


def read_positions(conn: psycopg.Connection, topics: Iterable[str]) -> dict[Partition, Position]:
    """The positions of some topics; partitions that were never read are missing."""
    rows = conn.execute(
        "select topic, partition, next_offset, topic_id from ops.kafka_position"
        " where topic = any(%s)",
        [list(topics)],
    ).fetchall()
    return {(topic, number): Position(offset, id_) for topic, number, offset, id_ in rows}


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
                " on conflict do nothing",
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
    """Make partitions that still stand at these offsets count as never read.

    The next read begins with their earliest record.
    """
    with conn.cursor() as cursor:
        cursor.executemany(
            "delete from ops.kafka_position"
            " where topic = %s and partition = %s and next_offset = %s",
            [(topic, number, offset) for (topic, number), offset in sorted(positions.items())],
        )
