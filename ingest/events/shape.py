"""What a contract declares about each place of a record: the types of columns in files."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ingest.events.contracts import read_schema
from ingest.events.topics import topics

JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}


@dataclass(frozen=True, slots=True)
class Shape:
    """JSON types a place may have (none if it is not declared), and the places inside it."""

    types: frozenset[str] = frozenset()
    properties: dict[str, "Shape"] = field(default_factory=dict)
    items: "Shape | None" = None

    def at(self, path: tuple[str, ...]) -> "Shape":
        """The shape of a property of a property ..., an empty one if it is not declared."""
        shape = self
        for name in path:
            shape = shape.properties.get(name, UNDECLARED)
        return shape


UNDECLARED = Shape()


@cache
def shape_of(topic: str) -> Shape:
    """The shape of a registered topic's records."""
    return _shape(read_schema(topics()[topic].contract))


def _shape(schema: dict[str, Any]) -> Shape:
    if "$ref" in schema:
        schema = _referenced(schema["$ref"]) | {k: v for k, v in schema.items() if k != "$ref"}
    branches = [_shape(branch) for branch in schema.get("anyOf", []) + schema.get("oneOf", [])]
    declared = schema.get("type", [])
    types = {declared} if isinstance(declared, str) else set(declared)
    constants = schema.get("enum", []) + ([schema["const"]] if "const" in schema else [])
    types.update(JSON_TYPES.get(type(value), "null") for value in constants)
    properties = {name: _shape(part) for name, part in schema.get("properties", {}).items()}
    items = _shape(schema["items"]) if isinstance(schema.get("items"), dict) else None
    for branch in branches:
        types |= branch.types
        properties = branch.properties | properties
        items = items or branch.items
    return Shape(frozenset(types), properties, items)


def _referenced(reference: str) -> dict[str, Any]:
    file, _, pointer = reference.partition("#")
    part: Any = read_schema(file)
    for step in pointer.strip("/").split("/"):
        part = part[step]
    found: dict[str, Any] = part
    return found
