"""Simulated records as batch files: one per topic and day of arrival, `<path>/<topic>/<day>.*`."""

import csv
import gzip
import io
from collections.abc import Callable, Iterable
from datetime import date
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.errors import UserError
from ingest.events.contracts import contract_of
from ingest.simulate.command import Format
from ingest.simulate.noise import Message
from ingest.simulate.sinks import Sink

LINES = ("jsonl", "jsonl.gz")


def to_files(path: Path, format_: Format) -> Sink:
    """Writes below `path`, which is made and has to be empty.

    JSON Lines hold every record but tombstones. CSV and Parquet hold what keeps its contract;
    their columns nest by dots (`metadata.duration`), lists stand in a CSV cell as JSON.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        is_empty = not any(path.iterdir())
    except OSError as error:
        raise UserError(f"cannot write to {path}: {error.strerror}") from None
    if not is_empty:
        raise UserError(f"{path} is not empty: name another folder, so that no two plans mix")
    write = WRITERS[format_]

    def send(messages: Iterable[Message]) -> set[int]:
        left_out: set[int] = set()
        written: set[tuple[str, bytes]] = set()
        for day, records in groupby(enumerate(messages), key=lambda pair: _day(pair[1])):
            by_topic: dict[str, dict[int, bytes]] = {}
            for number, message in records:
                if _is_carried(message, format_) and message.value is not None:
                    by_topic.setdefault(message.topic, {})[number] = message.value
                else:
                    left_out.add(number)
            for topic, values in by_topic.items():
                content = write(list(values.values()))
                digest = topic, sha256(content).digest()
                if digest in written:  # a single duplicate: equal files load once
                    left_out.update(values)
                else:
                    written.add(digest)
                    _put(path / topic / f"{day}.{format_}", content)
        return left_out

    return send


def _day(message: Message) -> date:
    return message.produced_at.date()


def _is_carried(message: Message, format_: Format) -> bool:
    if format_ in LINES:
        return message.value is not None
    return contract_of(message.topic).check(message.value) is None


def _put(file: Path, content: bytes) -> None:
    """A file appears whole: whoever watches the folder must not read half of it."""
    file.parent.mkdir(exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    part.write_bytes(content)
    part.replace(file)


def _lines(values: list[bytes]) -> bytes:
    return b"\n".join(values) + b"\n"


def _csv(values: list[bytes]) -> bytes:
    rows = [flat(orjson.loads(value)) for value in values]
    text = io.StringIO()
    columns = _columns(rows)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue().encode()


def _parquet(values: list[bytes]) -> bytes:
    rows = [flat(orjson.loads(value)) for value in values]
    columns = {name: _array([row.get(name) for row in rows]) for name in _columns(rows)}
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def flat(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested objects become dotted names; lists stay as they are."""
    found: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def _columns(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _array(values: list[Any]) -> pa.Array:
    """One type per column: ids that are numbers here and texts there become texts."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else _cell(value) for value in values])


def _packed(write: Callable[[list[bytes]], bytes]) -> Callable[[list[bytes]], bytes]:
    # without a time stamp in the header, the same plan gives the same bytes
    return lambda values: gzip.compress(write(values), compresslevel=6, mtime=0)


WRITERS: dict[Format, Callable[[list[bytes]], bytes]] = {
    "jsonl": _lines,
    "jsonl.gz": _packed(_lines),
    "csv": _csv,
    "csv.gz": _packed(_csv),
    "parquet": _parquet,
}
