"""Publishing: one transaction moves what landed into `raw_*`, or nothing at all.

Every published row carries `_load_id` (the load that last changed it), `_loaded_at` and
`_deleted_at`. A row that did not change keeps its `_load_id`, so that downstream increments
see exactly what arrived (law 1). Rows gone from the source are marked, never removed (law 5).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import psycopg

from ingest.errors import UserError
from ingest.warehouse.manifest import next_load_id, record_load
from ingest.warehouse.merge import Counts, LandedTable, TableMerge, columns_of

__all__ = ["Counts", "LandedTable", "Publication", "publish"]


@dataclass
class Publication:
    """What one publishing transaction did."""

    load_id: int
    total: Counts = field(default_factory=Counts)
    tables: dict[str, Counts] = field(default_factory=dict)


def publish(
    conn: psycopg.Connection,
    source: str,
    landing: str,
    raw: str,
    tables: Sequence[LandedTable],
    started_at: datetime,
    dlt_load_id: str,
) -> Publication:
    """Move `tables` from schema `landing` to schema `raw` and record the load, atomically.

    Raises `UserError` naming the table whose values no longer fit the promised types, or whose
    `id` is empty or not unique; then nothing is published.
    """
    with conn.transaction():
        conn.execute("set local client_min_messages = warning")
        publication = Publication(load_id=next_load_id(conn))
        landed, published = columns_of(conn, landing), columns_of(conn, raw)
        for table in tables:
            merge = TableMerge(
                conn,
                (landing, raw),
                publication.load_id,
                table,
                landed.get(table.name, {}),
                published.get(table.name, {}),
            )
            try:
                counts = merge.run(keys_landed=table.keys in landed)
            except psycopg.errors.DataError as error:
                raise _refused(
                    raw, table, "a column changed its type in the source", error
                ) from None
            except (psycopg.errors.IntegrityError, psycopg.errors.CardinalityViolation) as error:
                raise _refused(raw, table, "`id` is empty or not unique", error) from None
            publication.tables[table.name] = counts
            publication.total += counts
        touched = {
            name: vars(counts) for name, counts in publication.tables.items() if counts.total
        }
        record_load(
            conn,
            publication.load_id,
            source,
            publication.total,
            started_at,
            tables=touched,
            dlt_load_id=dlt_load_id,
        )
    return publication


def _refused(raw: str, table: LandedTable, what: str, error: psycopg.Error) -> UserError:
    reason = error.diag.message_primary or str(error)
    return UserError(f"{raw}.{table.name}: {what} ({reason}); nothing was loaded")
