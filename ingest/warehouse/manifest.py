"""The load manifest: numbers that grow in commit order, and what each load did (law 1)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Json

from ingest.warehouse.merge import Counts

PUBLISH_LOCK = "coursehouse:publish"


def next_load_id(conn: psycopg.Connection) -> int:
    """The number of the load this transaction publishes.

    Other loads wait from here until the transaction ends, so that numbers grow in commit order.
    """
    conn.execute("select pg_advisory_xact_lock(hashtext(%s))", [PUBLISH_LOCK])
    row = conn.execute("select coalesce(max(load_id), 0) + 1 from ops.load_manifest").fetchone()
    return row[0] if row else 1


def record_load(
    conn: psycopg.Connection,
    load_id: int,
    source: str,
    total: Counts,
    started_at: datetime,
    tables: Mapping[str, Any],
    dlt_load_id: str | None = None,
) -> None:
    """Write the row of a load into `ops.load_manifest`; it counts once the transaction commits."""
    conn.execute(
        "insert into ops.load_manifest (load_id, source, dlt_load_id, started_at,"
        " rows_inserted, rows_updated, rows_deleted, tables)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            load_id,
            source,
            dlt_load_id,
            started_at,
            total.inserted,
            total.updated,
            total.deleted,
            Json(tables),
        ],
    )
