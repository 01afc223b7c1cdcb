"""Dead letters of Stripe that may land now. They are few: no table holds them meanwhile."""

from collections.abc import Sequence
from datetime import datetime

import psycopg

from ingest.events.contracts import Rejection
from ingest.events.stage import StagedRow
from ingest.events.storable import write_storable
from ingest.stripe import events


class StripeStage:
    """What `Stage` is for topics that are logs."""

    def __init__(self, conn: psycopg.Connection) -> None:
        self._conn = conn
        self._rows: list[StagedRow] = []

    def add(self, rows: Sequence[StagedRow]) -> list[tuple[StagedRow, Rejection]]:
        """Stage rows. Returns those that Postgres cannot store, though their contract let them."""
        refused: list[tuple[StagedRow, Rejection]] = []
        write_storable(self._conn, rows, self._try, lambda row, why: refused.append((row, why)))
        return refused

    def _try(self, rows: Sequence[StagedRow]) -> None:
        payloads = [events.jsonb(row.payload) for row in rows]
        self._conn.execute("select count(event) from unnest(%b::jsonb[]) as event", [payloads])
        self._rows += rows

    def publish(self, load_id: int, loaded_at: datetime) -> tuple[int, int]:
        """Move everything to its table. Returns rows added and rejected. Hold the lock."""
        added = 0
        for lane in sorted({row.lane for row in self._rows}):
            bodies = [row.payload for row in self._rows if row.lane == lane]
            added += events.append(self._conn, lane, bodies, load_id, loaded_at)
        return added, 0
