"""What the archive holds: `ops.archive_run`, `ops.archive_file`, and the files' schema and names.

The catalogue is the truth: a file that is not in it, or superseded in it, does not count.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from psycopg.rows import class_row

from ingest.errors import UserError
from ingest.events.topics import Topic
from ingest.files.store import Store, answered
from ingest.settings import Settings

LOCK = "archive"
FOLDER = "events/raw"
# R102: files of 128 to 512 MB. What is smaller is merged until it has the target's size.
SMALL_BYTES, TARGET_BYTES = 128 << 20, 256 << 20
ROW_GROUP_BYTES = 32 << 20
SCHEMA = pa.schema(
    [
        pa.field("lane", pa.string(), nullable=False),
        pa.field("source_partition", pa.int32(), nullable=False),
        pa.field("source_offset", pa.int64(), nullable=False),
        pa.field("key", pa.binary()),
        pa.field("payload", pa.binary()),
        pa.field("produced_at", pa.timestamp("us", "UTC")),
        pa.field("load_id", pa.int64(), nullable=False),
        pa.field("loaded_at", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("is_rejected", pa.bool_(), nullable=False),
        pa.field("error_class", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("contract_version", pa.string()),
    ]
)
COLUMNS = (
    "file_id, topic, arrival_date, file_name, first_load_id, last_load_id, merges, row_count,"
    " size_bytes"
)
LIVE = "written_at is not null and superseded_at is null"


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """A row of `ops.archive_file`."""

    file_id: int
    topic: str
    arrival_date: date
    file_name: str
    first_load_id: int
    last_load_id: int
    merges: list[int] | None = None
    row_count: int | None = None
    size_bytes: int | None = None


def is_used(settings: Settings, conn: psycopg.Connection) -> bool:
    """Whether there is an archive: an address was set, or something was written already."""
    row = conn.execute("select exists(select from ops.archive_run)").fetchone()
    return settings.archive_url is not None or row == (True,)


def file_name(topic: str, day: date, first: int, last: int, part: str) -> str:
    """Where a file lies below the archive's address; the same loads give the same name."""
    return f"{FOLDER}/{topic}/date={day.isoformat()}/{first:012d}-{last:012d}-{part}.parquet"


def files(conn: psycopg.Connection, where: str, params: Sequence[Any] = ()) -> list[ArchiveFile]:
    """Rows of the catalogue in the order of their loads."""
    query = f"select {COLUMNS} from ops.archive_file where {where}"  # noqa: S608
    query += " order by topic, arrival_date, first_load_id, file_name"
    with conn.cursor(row_factory=class_row(ArchiveFile)) as cursor:
        return cursor.execute(query.encode(), params).fetchall()


def live_files(
    conn: psycopg.Connection, topic: Topic, first: date, last: date
) -> list[ArchiveFile]:
    """What counts of a topic, arrival days `first` to `last`."""
    where = f"{LIVE} and topic = %s and arrival_date between %s and %s"
    return files(conn, where, [topic.topic, first, last])


class Output:
    """A Parquet file on its way; what is written at once is one row group."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._parquet = pq.ParquetWriter(sink, SCHEMA, compression="zstd")
        self.rows = 0

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._sink.tell()

    def write(self, rows: pa.Table) -> None:
        """Add rows."""
        self._parquet.write_table(rows)
        self.rows += rows.num_rows

    def close(self) -> None:
        """Write the footer."""
        self._parquet.close()


@contextmanager
def output(store: Store, name: str) -> Iterator[Output]:
    """A Parquet file that appears whole or not at all."""
    with answered(f"{store.url}/{name}"), store.written(f"{store.root}/{name}") as sink:
        target = Output(sink)
        yield target
        target.close()


def row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Rows in tables of about 32 MiB: what is held in memory at once."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(part.nbytes for part in held) >= ROW_GROUP_BYTES:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def batches(store: Store, file: ArchiveFile) -> Iterator[pa.RecordBatch]:
    """The rows of a file, in flat memory. `UserError` if it is gone or damaged."""
    where = f"{store.url}/{file.file_name}"
    rows = 0
    with answered(where), store.fs.open(f"{store.root}/{file.file_name}", "rb") as source:
        try:
            for batch in pq.ParquetFile(source).iter_batches(batch_size=10_000):
                rows += batch.num_rows
                yield batch
        except (pa.ArrowException, ValueError) as error:
            raise UserError(f"the archive file {where} is damaged: {error}") from None
    if rows != file.row_count:
        raise UserError(f"the archive file {where} has {rows} rows, not {file.row_count}")
