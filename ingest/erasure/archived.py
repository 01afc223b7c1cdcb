"""Files of the archive that hold records of the person are written anew without them."""

import orjson
import psycopg
import pyarrow as pa

from ingest.archive import catalog
from ingest.archive.catalog import LIVE, LOCK, ArchiveFile
from ingest.archive.compact import remove_superseded
from ingest.erasure.events import PERSON_FIELDS
from ingest.erasure.person import Person
from ingest.files.load import Say
from ingest.files.store import Store
from ingest.warehouse.session import alone


def rewrite(
    conn: psycopg.Connection, store: Store, person: Person, say: Say, *, is_dry: bool
) -> int:
    """Do it, a transaction per file; how many files there are. Raises `UserError`.

    Each step can be done again. What is stored now, a stranger's, is archived by the next run.
    """
    alone(conn, LOCK)
    found = 0
    for file in catalog.files(conn, LIVE):
        dropped = sum(len(_of(person, batch)) for batch in catalog.batches(store, file))
        if not dropped:
            continue
        found += 1
        say(f"{file.file_name}: {dropped:,} records")
        if not is_dry:
            _write_without(conn, store, file, person)
    if found and not is_dry:
        remove_superseded(conn, store)
    return found


def _write_without(
    conn: psycopg.Connection, store: Store, file: ArchiveFile, person: Person
) -> None:
    name = catalog.file_name(
        file.topic,
        file.arrival_date,
        file.first_load_id,
        file.last_load_id,
        f"erased-{file.file_id}",
    )
    kept = (_without(person, batch) for batch in catalog.batches(store, file))
    with catalog.output(store, name) as target:
        for group in catalog.row_groups(kept):
            target.write(group)
        target.close()
        rows, size = target.rows, target.size
    with conn.transaction():
        conn.execute(
            "insert into ops.archive_file (topic, arrival_date, file_name, first_load_id,"
            " last_load_id, merges, row_count, size_bytes, written_at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp())",
            [
                *(file.topic, file.arrival_date, name, file.first_load_id, file.last_load_id),
                *([file.file_id], rows, size),
            ],
        )
        conn.execute(
            "update ops.archive_file set superseded_at = clock_timestamp() where file_id = %s",
            [file.file_id],
        )


def _without(person: Person, batch: pa.RecordBatch) -> pa.RecordBatch:
    gone = set(_of(person, batch))
    return batch.take([row for row in range(batch.num_rows) if row not in gone]) if gone else batch


def _of(person: Person, batch: pa.RecordBatch) -> list[int]:
    """Places of the person's records in a batch."""
    payloads = batch.column("payload").to_pylist()
    return [row for row, payload in enumerate(payloads) if payload and _is_of(person, payload)]


def _is_of(person: Person, payload: bytes) -> bool:
    if person.id.encode() not in payload and not any(t.encode() in payload for t in person.texts):
        return False
    try:
        record = orjson.loads(payload)
    except orjson.JSONDecodeError:
        record = None
    if not isinstance(record, dict):
        return any(text.encode() in payload.lower() for text in person.texts)
    if person.system == "visitor":
        return str(record.get("session_id")) == person.id
    return any(str(record.get(name)) == person.id for name in PERSON_FIELDS)
