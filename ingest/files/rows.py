"""What every format gives: numbered rows of JSON, and two ways in which a file cannot be read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ingest.events.contracts import MAX_RECORD_BYTES, Rejection

BLOCK_BYTES = 1 << 20
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Row:
    """One record: the line it begins on (its number in formats without lines), from 1, and JSON.

    A `rejection` says why there is none; `value` is then the text as it came.
    """

    number: int
    value: bytes
    rejection: Rejection | None = None


class UnfinishedError(Exception):
    """The file ends in the middle: somebody may still be writing it."""


class BrokenError(Exception):
    """The file can never be read as it is."""


def numbered_lines(reader: BinaryIO) -> Iterator[tuple[int, bytes, int]]:
    """Number, content and size of each line, in flat memory: what is too long is cut."""
    number = 0
    while line := reader.readline(MAX_RECORD_BYTES + 2):
        number += 1
        size, part = len(line), line
        while not part.endswith(b"\n") and (part := reader.readline(BLOCK_BYTES)):
            size += len(part)
        yield number, line.removeprefix(BOM) if number == 1 else line, size


def too_large(number: int, value: bytes, size: int) -> Row:
    """The dead letter of a line beyond the limit: Postgres could not keep a gigabyte either."""
    return Row(
        number,
        value[:MAX_RECORD_BYTES],
        Rejection(
            "too_large",
            f"{size} bytes, {MAX_RECORD_BYTES} are allowed; only the first {MAX_RECORD_BYTES}"
            " are kept",
        ),
    )
