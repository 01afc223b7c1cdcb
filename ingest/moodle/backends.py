"""Table backends for dlt that write what they read straight into files for COPY.

Rows never become Python objects: Postgres hands over COPY output as it is, MariaDB and MySQL an
Arrow stream that Arrow writes as CSV. The first line of a file is how COPY reads the rest. Both
formats tell NULL from the empty string, so values arrive unchanged.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import connectorx
import dlt
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
from dlt.common.typing import TDataItem
from dlt.sources.sql_database import BaseTableLoader, register_table_loader_backend
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

from ingest.moodle.site import stream_url

ROWS_PER_FILE = 500_000
ROWS_PER_BATCH = 50_000
WRITE_BUFFER_BYTES = 1 << 20

Progress = Callable[[str, int], None]
Row = bytes | memoryview


class CopyBackend(BaseTableLoader):
    """Postgres: `COPY ... TO STDOUT` over one open connection, cut into files."""

    def load_rows(self, backend_kwargs: dict[str, Any] | None = None) -> Iterator[TDataItem]:
        """Yield one file import per `ROWS_PER_FILE` rows; nothing for an empty table.

        `backend_kwargs`: `connection` (psycopg, in a transaction), `directory` (named after the
        landing table), `progress` (called with that name and the rows of each file).
        """
        options = backend_kwargs or {}
        query = self.compile_query(self.make_query())
        first_line = copy_line(self.table.columns.keys(), "format text, encoding 'UTF8'")
        rows = _copied(options["connection"], f"COPY ({query}) TO STDOUT")
        for first in rows:
            path = _next_file(options["directory"])
            with path.open("wb", buffering=WRITE_BUFFER_BYTES) as file:
                file.write(first_line)
                file.write(first)
                # counted without a step of Python per row
                numbers = count(1)
                numbered = zip(islice(rows, ROWS_PER_FILE - 1), numbers, strict=False)
                file.writelines(map(itemgetter(0), numbered))
            yield _imported(path, next(numbers), options["progress"])


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
        first_line = copy_line(self.table.columns.keys(), "format csv, encoding 'UTF8'")
        batches = _filled(stream)
        for first in batches:
            path = _next_file(options["directory"])
            count = first.num_rows
            with path.open("wb", buffering=WRITE_BUFFER_BYTES) as file:
                file.write(first_line)
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


def copy_line(columns: Iterable[str], options: str) -> bytes:
    """First line of a file: what follows the table's name in the COPY that reads the rest."""
    names = ", ".join('"' + column.replace('"', '""') + '"' for column in columns)
    return f"({names}) from stdin with ({options})\n".encode()


def _copied(connection: psycopg.Connection, statement: str) -> Iterator[Row]:
    """The rows of a COPY TO STDOUT, one bytes-like object each, as Postgres documents.

    Goes below psycopg's `copy()`, whose bookkeeping costs more per row than the row itself.
    """
    link = connection.pgconn
    result = link.exec_(statement.encode())
    if result.status != ExecStatus.COPY_OUT:
        raise error_from_result(result)
    get = link.get_copy_data
    length, row = get(0)
    while length > 0:
        yield row
        length, row = get(0)
    result = link.get_result() or result
    if result.status != ExecStatus.COMMAND_OK:
        raise error_from_result(result)
    while link.get_result() is not None:
        pass


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
