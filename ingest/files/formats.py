"""Which format a file has, and its rows."""

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, cast

import orjson

from ingest.events.contracts import MAX_RECORD_BYTES
from ingest.events.shape import shape_of
from ingest.files.rows import (
    BOM,
    BrokenError,
    Row,
    UnfinishedError,
    numbered_lines,
    too_large,
)
from ingest.files.tabular import csv_rows, parquet_rows

TEXT_FORMATS = {"csv", "tsv", "json", "jsonl", "ndjson"}
# A document is held in memory while its records are cut out of it; JSON Lines has no limit.
MAX_DOCUMENT_BYTES = 128 << 20
UTF16 = (b"\xff\xfe", b"\xfe\xff")
SPACE = re.compile(r"[ \t\r\n]*")


def format_of(name: str) -> str | None:
    """csv, tsv, json, jsonl, ndjson or parquet; None for a file that is none of ours."""
    suffixes = [suffix[1:].lower() for suffix in PurePosixPath(name).suffixes]
    if suffixes[-1:] == ["gz"]:
        return suffixes[-2] if len(suffixes) > 1 and suffixes[-2] in TEXT_FORMATS else None
    known = {*TEXT_FORMATS, "parquet"}
    return suffixes[-1] if suffixes and suffixes[-1] in known else None


def rows_of(content: BinaryIO, name: str, topic: str) -> Iterator[Row]:
    """Rows of a file for a topic. Blank lines are none; the content must be seekable.

    Raises `UnfinishedError` or `BrokenError`.
    """
    kind, shape = format_of(name), shape_of(topic)
    if kind == "parquet":
        yield from parquet_rows(content, shape)
        return
    try:
        reader = _plain(content, name)
        if reader.read(2) in UTF16:
            raise BrokenError("it is UTF-16: write it as UTF-8")
        reader.seek(0)
        if kind in ("csv", "tsv"):
            yield from csv_rows(reader, shape, "," if kind == "csv" else "\t")
        elif kind == "json" and _is_document(reader):
            yield from _document_rows(reader)
        else:
            yield from _line_rows(reader)
    except EOFError:
        raise UnfinishedError("its gzip stream ends in the middle") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BrokenError(f"it is no gzip file: {error}") from None


def _plain(content: BinaryIO, name: str) -> BinaryIO:
    if not name.lower().endswith(".gz"):
        return content
    if not content.read(1):
        raise UnfinishedError("it is empty, and no gzip stream is")
    content.seek(0)
    return cast(BinaryIO, io.BufferedReader(gzip.GzipFile(fileobj=content), 1 << 18))


def _line_rows(reader: BinaryIO) -> Iterator[Row]:
    for number, line, size in numbered_lines(reader):
        if size > MAX_RECORD_BYTES + 2:
            yield too_large(number, line, size)
        elif value := line.strip():
            yield Row(number, value)


def _is_document(reader: BinaryIO) -> bool:
    """One JSON array or object, not JSON Lines under the name .json.

    Of JSON Lines one of the first two lines is an object by itself, even if the other is broken.
    """
    head = [reader.readline(MAX_RECORD_BYTES).removeprefix(BOM).strip() for _ in range(2)]
    reader.seek(0)
    return head[0].startswith(b"[") or not any(_is_object(line) for line in head)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _document_rows(reader: BinaryIO) -> Iterator[Row]:
    """The records of an array, or the one object, byte for byte as they were written."""
    content = reader.read(MAX_DOCUMENT_BYTES + 1)
    if len(content) > MAX_DOCUMENT_BYTES:
        raise BrokenError(
            f"a JSON document may have {MAX_DOCUMENT_BYTES >> 20} MiB: write JSON Lines (.jsonl)"
        )
    text = _decoded(content).strip()
    is_array = text.startswith("[")
    try:
        yield from _elements(text) if is_array else [_single(text)]
    except (json.JSONDecodeError, IndexError) as error:
        if not text.endswith("]" if is_array else "}"):
            raise UnfinishedError("its JSON ends in the middle") from None
        place = f"line {error.lineno} " if isinstance(error, json.JSONDecodeError) else ""
        raise BrokenError(f"it is not JSON: {place}".rstrip(" :")) from None
    except RecursionError:
        raise BrokenError("its JSON is nested too deeply") from None


def _elements(text: str) -> Iterator[Row]:
    decoder, number = json.JSONDecoder(), 0
    place = _next(text, 1)
    while text[place] != "]":
        number += 1
        _, end = decoder.raw_decode(text, place)
        yield Row(number, text[place:end].encode())
        place = _next(text, end)
        if text[place] == ",":
            place = _next(text, place + 1)
        elif text[place] != "]":
            raise json.JSONDecodeError("a comma is missing", text, place)
    if place != len(text) - 1:
        raise json.JSONDecodeError("something follows the array", text, place)


def _single(text: str) -> Row:
    _, end = json.JSONDecoder().raw_decode(text)
    if end != len(text):
        raise json.JSONDecodeError("something follows the object", text, end)
    return Row(1, text.encode())


def _next(text: str, place: int) -> int:
    found = SPACE.match(text, place)
    return found.end() if found else place


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise UnfinishedError("it ends within a character") from None
        raise BrokenError(f"byte {error.start} is not UTF-8") from None
