"""Rows of CSV and Parquet files."""

import csv
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.events.contracts import MAX_RECORD_BYTES, Rejection
from ingest.events.shape import Shape
from ingest.files.cells import Columns, from_text, from_value
from ingest.files.rows import BrokenError, Row, UnfinishedError, numbered_lines, too_large

BATCH_ROWS = 8192
PARQUET_MAGIC = b"PAR1"


def csv_rows(reader: BinaryIO, shape: Shape, delimiter: str = ",") -> Iterator[Row]:
    """Rows of a CSV file with a header; a row is known by the line it begins on."""
    csv.field_size_limit(MAX_RECORD_BYTES)
    lines = _Lines(reader)
    parser = csv.reader(lines, delimiter=delimiter, strict=True)
    columns: Columns | None = None
    while True:
        lines.begin()
        try:
            cells = next(parser)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(lines.first, lines.taken(), Rejection("not_csv", str(error)))
            continue
        if lines.cut:
            yield too_large(lines.first, lines.taken(), lines.cut)
        elif columns is None:
            columns = Columns(_header(cells, lines), shape)
        elif cells:
            yield _csv_row(columns, cells, lines)


def parquet_rows(reader: BinaryIO, shape: Shape) -> Iterator[Row]:
    """Rows of a Parquet file, numbered from 1, read batch by batch."""
    magic = reader.read(4)
    reader.seek(0)
    try:
        file = pq.ParquetFile(reader)
    except (pa.ArrowException, OSError) as error:
        # the footer is written last
        if PARQUET_MAGIC.startswith(magic):
            raise UnfinishedError("its Parquet footer is missing") from None
        raise BrokenError(f"it is no Parquet file: {_first_line(error)}") from None
    columns = Columns(file.schema_arrow.names, shape)
    number = 0
    batches = file.iter_batches(batch_size=BATCH_ROWS)
    while True:
        try:
            batch = next(batches, None)
            if batch is None:
                return
            values = [column.to_pylist() for column in batch.columns]
        except (pa.ArrowException, OSError, ValueError) as error:
            raise BrokenError(f"Parquet after row {number}: {_first_line(error)}") from None
        for cells in zip(*values, strict=True):
            number += 1
            try:
                yield Row(number, columns.record(cells, from_value))
            except TypeError:
                yield Row(number, b"", Rejection("not_utf8", "a text of the row is not UTF-8"))


class _Lines:
    """Lines for the CSV parser, which takes several for a row with line breaks in a cell."""

    def __init__(self, reader: BinaryIO) -> None:
        self._lines = numbered_lines(reader)
        self._taken: list[bytes] = []
        self.number = 0
        self.first = 0
        self.cut = 0

    def begin(self) -> None:
        """A new row begins with the next line."""
        self._taken.clear()
        self.first = self.number + 1
        self.cut = 0

    def taken(self) -> bytes:
        """The lines of the row, as they came."""
        return b"".join(self._taken).rstrip(b"\r\n")

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.number, line, size = next(self._lines)
        self._taken.append(line[:MAX_RECORD_BYTES])
        if size > MAX_RECORD_BYTES:
            self.cut = size
            return "\n"
        return line.decode(errors="surrogateescape")


def _header(cells: list[str], lines: _Lines) -> list[str]:
    try:
        lines.taken().decode()
    except UnicodeDecodeError:
        raise BrokenError("its header is not UTF-8") from None
    return cells


def _csv_row(columns: Columns, cells: list[str], lines: _Lines) -> Row:
    if len(cells) != len(columns.names):
        reason = f"{len(cells)} cells, the header has {len(columns.names)}"
        return Row(lines.first, lines.taken(), Rejection("not_csv", reason))
    try:
        return Row(lines.first, columns.record(cells, from_text))
    except TypeError:
        reason = "a cell of the row is not UTF-8"
        return Row(lines.first, lines.taken(), Rejection("not_utf8", reason))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]
