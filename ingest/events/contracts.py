"""Record contracts: JSON Schemas in `ingest/contracts/`, compiled once.

A contract says what is promised; properties it does not name pass and are kept.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from ingest.events.topics import topics

CONTRACT_DIR = Path(__file__).parent.parent / "contracts"
MAX_RECORD_BYTES = 1_048_576  # Kafka's own default
MAX_REASONS = 5
ERROR_CLASSES = ("tombstone", "too_large", "not_utf8", "not_json", "unstorable", "contract")
NUL = re.compile(rb"\\u0000")


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a record was refused: a class to count by, and a reason without any of its values."""

    error_class: str  # one of ERROR_CLASSES, or of the lane's own
    reason: str


class Contract:
    """The compiled contract of one topic."""

    def __init__(self, name: str) -> None:
        schema = read_schema(name)
        self.version: str = schema["version"]
        common = read_schema("common.json")
        # jsonschema-rs resolves the reference against `$id`, a URN: name the file as well
        registry = jsonschema_rs.Registry([("urn:coursehouse:common", common)])
        self._validator = jsonschema_rs.Draft202012Validator(
            _absolute(schema), registry=registry, validate_formats=True, mask="the value"
        )

    def check(self, value: bytes | None) -> Rejection | None:
        """None if the record may be stored, else why not. Never raises."""
        if value is None:
            return Rejection("tombstone", "the record has no value")
        if len(value) > MAX_RECORD_BYTES:
            return _too_large(value)
        try:
            record = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            return _unreadable(value, error)
        return self.check_parsed(record, value)

    def check_parsed(self, record: Any, value: bytes) -> Rejection | None:
        """The same for a record that is parsed already and reads `value` when written."""
        if len(value) > MAX_RECORD_BYTES:
            return _too_large(value)
        if NUL.search(value) and _holds_nul(record):
            return Rejection("unstorable", "a text holds the character U+0000")
        if self._validator.is_valid(record):
            return None
        errors = list(self._validator.iter_errors(record))[:MAX_REASONS]
        return Rejection("contract", "; ".join(_describe(error) for error in errors))


@cache
def contract_of(topic: str) -> Contract:
    """The contract of a registered topic, compiled at the first call."""
    return contract_in(topics()[topic].contract)


@cache
def contract_in(file: str) -> Contract:
    """The contract of this file, in `CONTRACT_DIR` unless it is a whole path."""
    return Contract(file)


def read_schema(name: str) -> dict[str, Any]:
    """A contract file as it is."""
    schema: dict[str, Any] = orjson.loads((CONTRACT_DIR / name).read_bytes())
    return schema


def _absolute(schema: dict[str, Any]) -> dict[str, Any]:
    text = orjson.dumps(schema).replace(b'"common.json#', b'"urn:coursehouse:common#')
    absolute: dict[str, Any] = orjson.loads(text)
    return absolute


def _too_large(value: bytes) -> Rejection:
    return Rejection("too_large", f"{len(value)} bytes, {MAX_RECORD_BYTES} are allowed")


def _unreadable(value: bytes, error: orjson.JSONDecodeError) -> Rejection:
    try:
        value.decode()
    except UnicodeDecodeError as utf8:
        return Rejection("not_utf8", f"byte {utf8.start} is not UTF-8")
    place = f"line {error.lineno}, column {error.colno}"
    if _is_json(value):
        return Rejection("unstorable", f"{place} is out of range for a number or a character")
    return Rejection("not_json", f"{place} is not JSON")


def _is_json(value: bytes) -> bool:
    """Whether it is JSON by the grammar, though it may mean what no table holds (1e999)."""
    try:
        json.loads(value.decode(), parse_int=str, parse_float=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity are Python's own


def _describe(error: Any) -> str:
    place = "/".join(str(part) for part in error.instance_path)
    return f"{place or 'record'}: {error.message}"


def _holds_nul(record: Any) -> bool:
    left = [record]
    while left:  # not recursive: what parses may be nested deeper than Python calls
        value = left.pop()
        if isinstance(value, dict):
            left += [*value, *value.values()]
        elif isinstance(value, list):
            left += value
        elif isinstance(value, str) and "\0" in value:
            return True
    return False
