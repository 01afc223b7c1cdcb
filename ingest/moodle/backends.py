"""Table backends for dlt that write what they read straight into CSV files.

Rows never become Python objects: Postgres hands over COPY output, MariaDB and MySQL an Arrow
stream. In both files a NULL is an unquoted empty field and every value is quoted, which is
what the landing zone reads back unchanged.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import connectorx
import dlt
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
from dlt.common.typing import TDataItem
from dlt.sources.sql_database import BaseTableLoader, register_table_loader_backend

from ingest.moodle.site import stream_url

ROWS_PER_FILE = 500_000
ROWS_PER_BATCH = 50_000
WRITE_BUFFER_BYTES = 1 << 20

Progress = Callable[[str, int], None]


class CopyBackend(BaseTableLoader):
    """Postgres: `COPY ... TO STDOUT` over one open connection, cut into files."""

    def load_rows(self, backend_kwargs: dict[str, Any] | None = None) -> Iterator[TDataItem]:
        """Yield one file import per `ROWS_PER_FILE` rows; nothing for an empty table.

        `backend_kwargs`: `connection` (psycopg), `directory` (named after the landing table),
        `progress` (called with that name and the rows of each file).
        """
        options = backend_kwargs or {}
        connection: psycopg.Connection = options["connection"]
        query = self.compile_query(self.make_query())
        statement = f"COPY ({query}) TO STDOUT WITH (FORMAT CSV, FORCE_QUOTE *, ENCODING 'UTF8')"
        header = _header(self.table.columns.keys())
        with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            # Postgres documents one message per row, so a file may end after any message
            rows = iter(copy.read, b"")
            for first in rows:
                path = _next_file(options["directory"])
                count = 1
                with path.open("wb", buffering=WRITE_BUFFER_BYTES) as file:
                    file.write(header)
                    file.write(first)
                    for row in rows:
                        file.write(row)
                        count += 1
                        if count == ROWS_PER_FILE:
                            break
                yield _imported(path, count, options["progress"])


class StreamBackend(BaseTableLoader):
    """MariaDB and MySQL: an Arrow stream of connectorx, written as CSV by Arrow."""

    def load_rows(self, backend_kwargs: dict[str, Any] | None = None) -> Iterator[TDataItem]:
        """Yield one file import per `ROWS_PER_FILE` rows; nothing for an empty table.

        `backend_kwargs`: `directory` and `progress` as for `CopyBackend`.
        """
        options = backend_kwargs or {}
        stream = connectorx.read_sql(
            stream_url(self.engine.url),
            self.compile_query(self.make_query()),
            protocol="binary",
            return_type="arrow_stream",
            batch_size=ROWS_PER_BATCH,
        )
        header = _header(self.table.columns.keys())
        batches = _filled(stream)
        for first in batches:
            path = _next_file(options["directory"])
            count = first.num_rows
            with path.open("wb", buffering=WRITE_BUFFER_BYTES) as file:
                file.write(header)
                file.write(_csv(first))
                for batch in batches:
                    file.write(_csv(batch))
                    count += batch.num_rows
                    if count >= ROWS_PER_FILE:
                        break
            yield _imported(path, count, options["progress"])


def register_backends() -> None:
    """Make both known to dlt under the names the source uses."""
    register_table_loader_backend("coursehouse_copy", CopyBackend)
    register_table_loader_backend("coursehouse_stream", StreamBackend)


def _header(columns: list[str]) -> bytes:
    return (",".join(f'"{column}"' for column in columns) + "\n").encode()


def _filled(stream: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches that have rows. A lost connection is an error like any other."""
    try:
        yield from (batch for batch in stream if batch.num_rows)
    except BaseException as error:
        # connectorx panics when its server goes away, and a panic is no `Exception`
        if type(error).__name__ == "PanicException":
            raise ConnectionError(str(error)) from None
        raise


def _csv(batch: pa.RecordBatch) -> bytes:
    """The batch as CSV lines. Postgres has no text with zero bytes, MySQL has: they are dropped."""
    buffer = pa.BufferOutputStream()
    pa_csv.write_csv(
        batch, buffer, pa_csv.WriteOptions(include_header=False, quoting_style="all_valid")
    )
    return buffer.getvalue().to_pybytes().replace(b"\0", b"")  # type: ignore[no-any-return]


def _next_file(directory: Path) -> Path:
    """`directory` is named after the landing table."""
    directory.mkdir(parents=True, exist_ok=True)
    return directory / f"{len(list(directory.iterdir())):06}.csv"


def _imported(path: Path, rows: int, progress: Progress) -> TDataItem:
    progress(path.parent.name, rows)
    # the empty list matters: dlt drops an import whose item is None without a word
    return dlt.mark.with_file_import(str(path), "csv", rows, hints=[])
