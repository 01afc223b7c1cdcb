"""`coursehouse archive --compact`: small files of a topic and day become one.

The merged file is planned, written, and then takes the place of the others in the catalogue, in
one transaction; only after that they are removed. Each step can be done again.
"""

from datetime import date

import psycopg

from ingest.archive import catalog
from ingest.archive.catalog import LIVE, LOCK, ArchiveFile
from ingest.files.load import Say
from ingest.files.store import Store, answered
from ingest.settings import Settings
from ingest.warehouse.session import alone, warehouse

PLANNED = "select unnest(merges) from ops.archive_file where written_at is null"


def compact(settings: Settings, say: Say) -> int:
    """Merge what is small. Returns how many files were merged away. Raises `UserError`."""
    store = Store(settings.archive)
    with warehouse(settings) as conn:
        alone(conn, LOCK)
        _plan(conn)
        for plan in catalog.files(conn, "written_at is null"):
            _merge(conn, store, plan, say)
        return remove_superseded(conn, store)


def groups(files: list[ArchiveFile]) -> list[list[ArchiveFile]]:
    """Small files that belong together, in the order of their loads; none is left alone."""
    found: list[list[ArchiveFile]] = []
    for file in files:
        last = found[-1] if found else []
        fits = bool(last) and _place(last[0]) == _place(file) and _size(last) < catalog.TARGET_BYTES
        if fits:
            last.append(file)
        else:
            found.append([file])
    return [group for group in found if len(group) > 1]


def _plan(conn: psycopg.Connection) -> None:
    small = catalog.files(
        conn,
        f"{LIVE} and size_bytes < %s and file_id not in ({PLANNED})",
        [catalog.SMALL_BYTES],
    )
    for group in groups(small):
        topic, day = _place(group[0])
        first = min(file.first_load_id for file in group)
        last = max(file.last_load_id for file in group)
        conn.execute(
            "insert into ops.archive_file (topic, arrival_date, file_name, first_load_id,"
            " last_load_id, merges) values (%s, %s, %s, %s, %s, %s)",
            [
                *(topic, day, catalog.file_name(topic, day, first, last, "merged"), first, last),
                [file.file_id for file in group],
            ],
        )


def _merge(conn: psycopg.Connection, store: Store, plan: ArchiveFile, say: Say) -> None:
    sources = catalog.files(conn, "file_id = any(%s)", [plan.merges])
    batches = (batch for file in sources for batch in catalog.batches(store, file))
    with catalog.output(store, plan.file_name) as target:
        for group in catalog.row_groups(batches):
            target.write(group)
        target.close()
        rows, size = target.rows, target.size
    with conn.transaction():
        conn.execute(
            "update ops.archive_file set row_count = %s, size_bytes = %s,"
            " written_at = clock_timestamp() where file_id = %s",
            [rows, size, plan.file_id],
        )
        conn.execute(
            "update ops.archive_file set superseded_at = clock_timestamp() where file_id = any(%s)",
            [plan.merges],
        )
    say(f"{plan.file_name}: {len(sources)} files, {rows:,} rows, {size:,} bytes")


def remove_superseded(conn: psycopg.Connection, store: Store) -> int:
    """Remove files whose place another one has taken. Returns how many."""
    gone = catalog.files(conn, "superseded_at is not null and removed_at is null")
    for file in gone:
        with answered(f"{store.url}/{file.file_name}"):
            store.remove(f"{store.root}/{file.file_name}")
        conn.execute(
            "update ops.archive_file set removed_at = clock_timestamp() where file_id = %s",
            [file.file_id],
        )
    return len(gone)


def _place(file: ArchiveFile) -> tuple[str, date]:
    return file.topic, file.arrival_date


def _size(group: list[ArchiveFile]) -> int:
    return sum(file.size_bytes or 0 for file in group)
