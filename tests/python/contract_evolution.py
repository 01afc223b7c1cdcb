"""Is a contract an additive evolution of the one that was released?

Additive: every place that was declared still is, and takes at least what it took. Records that
kept the old contract keep the new one, but for properties the old one did not name.
"""

from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any]
Read = Callable[[str], Schema]

ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description", "version", "examples", "default"}
# what may only fall, and what may only rise; absent is no limit
LOWER_LIMITS = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
UPPER_LIMITS = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}
STRUCTURE = {"type", "enum", "required", "properties", "items", "anyOf"}
TYPES = {"integer": {"integer"}, "number": {"integer", "number"}}


def breaking_changes(old: Schema, new: Schema, read_old: Read, read_new: Read) -> list[str]:
    """What breaks senders that keep `old`; `read_old`, `read_new` give a named contract file."""
    if _major(new) > _major(old):
        return []
    return list(_compare(old, new, "record", read_old, read_new))


def _compare(old: Schema, new: Schema, place: str, read_old: Read, read_new: Read) -> Iterator[str]:
    old, new = _resolved(old, read_old), _resolved(new, read_new)
    if lost := _types(old) - _types(new):
        yield f"{place}: type {', '.join(sorted(lost))} was removed"
    if "enum" in new and (
        lost := {str(value) for value in old.get("enum", ["any value"])}
        - set(map(str, new["enum"]))
    ):
        yield f"{place}: value {', '.join(sorted(lost))} was removed"
    for name in sorted(set(new.get("required", [])) - set(old.get("required", []))):
        yield f"{place}: {name} is required now"
    for limit in sorted(LOWER_LIMITS & new.keys()):
        if new[limit] > old.get(limit, float("-inf")):
            yield f"{place}: {limit} was raised"
    for limit in sorted(UPPER_LIMITS & new.keys()):
        if new[limit] < old.get(limit, float("inf")):
            yield f"{place}: {limit} was lowered"
    known = ANNOTATIONS | LOWER_LIMITS | UPPER_LIMITS | STRUCTURE
    for keyword in sorted(new.keys() - known):
        if old.get(keyword) != new[keyword]:
            yield f"{place}: {keyword} was changed"
    for name, part in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{place}: property {name} was removed"
        else:
            yield from _compare(
                part, new["properties"][name], f"{place}/{name}", read_old, read_new
            )
    if "items" in new:
        yield from _compare(old.get("items", {}), new["items"], f"{place}[]", read_old, read_new)
    for branch in old.get("anyOf", [old]) if "anyOf" in new else []:
        found = [list(_compare(branch, other, place, read_old, read_new)) for other in new["anyOf"]]
        if all(found):
            yield min(found, key=len)[0]
    if "anyOf" in old and "anyOf" not in new:
        bare = {key: value for key, value in new.items() if key not in ANNOTATIONS}
        for branch in old["anyOf"]:
            yield from _compare(branch, bare, place, read_old, read_new)


def _types(schema: Schema) -> set[str]:
    """Types a schema takes; without any word of it all, unless its branches say so."""
    declared = schema.get("type")
    if declared is None:
        everything = {"null", "boolean", "string", "integer", "number", "array", "object"}
        return set() if "anyOf" in schema or "enum" in schema else everything
    names = [declared] if isinstance(declared, str) else declared
    return set().union(*(TYPES.get(name, {name}) for name in names))


def _resolved(schema: Schema, read: Read) -> Schema:
    if "$ref" not in schema:
        return schema
    file, _, pointer = schema["$ref"].partition("#")
    part: Any = read(file)
    for step in pointer.strip("/").split("/"):
        part = part[step]
    own = {key: value for key, value in schema.items() if key != "$ref"}
    return _resolved(part | own, read)


def _major(schema: Schema) -> int:
    return int(str(schema.get("version", "0")).split(".")[0])
