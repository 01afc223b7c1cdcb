"""Columns become JSON: dotted names nest, and the contract says what a text stands for."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from ingest.events.shape import Shape
from ingest.files.rows import BrokenError

INTEGER = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
BOOLEANS = {"true": True, "false": False}
ABSENT = object()


class Columns:
    """The header of a file: where each column's values go in a record."""

    def __init__(self, names: Sequence[str], shape: Shape) -> None:
        """Raises `BrokenError` for names that no record can hold."""
        self.names = [name.strip() for name in names]
        self._paths = [tuple(name.split(".")) for name in self.names]
        for number, path in enumerate(self._paths, start=1):
            if not all(path):
                raise BrokenError(f"column {number} of the header has no name")
        taken: set[tuple[str, ...]] = set()
        for path in sorted(self._paths):  # a prefix sorts before what it is a prefix of
            if any(path[:length] in taken for length in range(1, len(path) + 1)):
                raise BrokenError(f"the header names {'.'.join(path)} twice")
            taken.add(path)
        self.shapes = [shape.at(path) for path in self._paths]

    def record(self, values: Sequence[Any], convert: Callable[[Any, Shape], Any]) -> bytes:
        """The JSON of one row. Raises `TypeError` where a text is not UTF-8."""
        record: dict[str, Any] = {}
        for path, shape, value in zip(self._paths, self.shapes, values, strict=False):
            found = convert(value, shape)
            if found is ABSENT:
                continue
            target = record
            for step in path[:-1]:
                target = target.setdefault(step, {})
            target[path[-1]] = found
        return orjson.dumps(record)


def from_text(text: str, shape: Shape) -> Any:
    """A cell of a text format: what its declared types make of it, else the text itself.

    An empty cell is absent, null where the contract lets the place be null. Numbers keep the
    digits they were written with.
    """
    types = shape.types
    if not text:
        return None if "null" in types else ABSENT
    if not types or "string" in types:
        return text
    if ("number" in types and NUMBER.fullmatch(text)) or (
        "integer" in types and INTEGER.fullmatch(text)
    ):
        return orjson.Fragment(text)
    if "boolean" in types and text.lower() in BOOLEANS:
        return BOOLEANS[text.lower()]
    if ("object" in types or "array" in types) and _is_json(text):
        return orjson.Fragment(text)
    return text


def from_value(value: Any, shape: Shape) -> Any:
    """A typed value of a Parquet file, in depth; null is treated as an empty cell is."""
    match value:
        case None:
            return None if "null" in shape.types else ABSENT
        case str() | bytes():
            text = value if isinstance(value, str) else value.decode(errors="surrogateescape")
            return from_text(text, shape) if text else text
        case bool() | int():
            return value
        case float():
            return _from_float(value, shape)
        case dict():
            parts = {name: from_value(part, shape.at((name,))) for name, part in value.items()}
            return {name: part for name, part in parts.items() if part is not ABSENT}
        case list() if value and isinstance(value[0], tuple):  # a map
            return from_value(dict(value), shape)
        case list():
            items = [from_value(part, shape.items or Shape()) for part in value]
            return [None if part is ABSENT else part for part in items]
        case _:
            return _as_text(value)


def _from_float(value: float, shape: Shape) -> Any:
    if value != value or value in (float("inf"), float("-inf")):
        return None if "null" in shape.types else ABSENT
    # pandas turns whole numbers into floats where one of them is missing
    is_whole = "integer" in shape.types and "number" not in shape.types and value.is_integer()
    return int(value) if is_whole else value


def _as_text(value: Any) -> Any:
    match value:
        case datetime():
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal() if value.is_finite():
            return orjson.Fragment(format(value, "f"))
        case UUID():
            return str(value)
    raise BrokenError(f"it holds values of the type {type(value).__name__}")


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
