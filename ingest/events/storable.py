"""Postgres refuses some values that every contract lets through: numbers out of its range, say."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import psycopg

from ingest.events.contracts import Rejection

# what Postgres says of a value it cannot keep, not of its own state
UNSTORABLE = (psycopg.DataError, psycopg.errors.ProgramLimitExceeded)

Row = TypeVar("Row")
Result = TypeVar("Result")


def write_storable(
    conn: psycopg.Connection,
    rows: Sequence[Row],
    write: Callable[[Sequence[Row]], Result],
    refuse: Callable[[Row, Rejection], None],
) -> list[Result]:
    """Call `write` for all rows at once if it can be, else for halves of them, and so on.

    `refuse` gets each row that cannot be stored. Returns what the calls of `write` returned that
    were not taken back. In the caller's transaction; raises what else `write` raises.
    """
    if not rows:
        return []
    try:
        with conn.transaction():
            return [write(rows)]
    except UNSTORABLE as error:
        if len(rows) == 1:
            refuse(rows[0], cannot_be_stored(error))
            return []
        half = len(rows) // 2
        return write_storable(conn, rows[:half], write, refuse) + write_storable(
            conn, rows[half:], write, refuse
        )


def cannot_be_stored(error: psycopg.Error) -> Rejection:
    """One of `UNSTORABLE`, without the value it may quote."""
    reason = f"Postgres cannot store it: {type(error).__name__} ({error.sqlstate})"
    return Rejection("unstorable", reason)
