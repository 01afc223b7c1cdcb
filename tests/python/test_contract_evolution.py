"""Contracts evolve by addition: `contracts_released/` holds what senders were promised.

A change that is released is copied there; a breaking one needs a new major version.
"""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from contract_evolution import Schema, breaking_changes

from ingest.events.contracts import CONTRACT_DIR, read_schema
from ingest.events.topics import topics

RELEASED = Path(__file__).parent / "contracts_released"
NAMES = sorted(path.name for path in RELEASED.glob("*.json") if path.name != "common.json")


def read_released(name: str) -> Schema:
    schema: Schema = orjson.loads((RELEASED / name).read_bytes())
    return schema


@pytest.mark.parametrize("name", NAMES)
def test_a_contract_takes_everything_that_its_released_version_took(name: str) -> None:
    assert (CONTRACT_DIR / name).exists(), "a released contract was removed"
    assert (
        breaking_changes(read_released(name), read_schema(name), read_released, read_schema) == []
    )


def test_every_contract_of_a_topic_was_released() -> None:
    assert {topic.contract for topic in topics().values()} <= set(NAMES)


Change = Callable[[Schema, Schema], Any]  # of a contract and of common.json

BREAKING: dict[str, tuple[Change, str]] = {
    "a property is removed": (
        lambda s, _: s["properties"].pop("properties"),
        "record: property properties was removed",
    ),
    "a nested property is removed": (
        lambda s, _: s["properties"]["properties"]["properties"].pop("page"),
        "record/properties: property page was removed",
    ),
    "a property is required": (
        lambda s, _: s["required"].append("properties"),
        "record: properties is required now",
    ),
    "a value is removed": (
        lambda s, _: s["properties"]["event_type"]["enum"].remove("click"),
        "record/event_type: value click was removed",
    ),
    "free values become a list": (
        lambda s, _: s["properties"]["properties"]["properties"]["device"].update(enum=["phone"]),
        "record/properties/device: value any value was removed",
    ),
    "a number must be whole": (
        lambda _, common: common["$defs"]["milliseconds"].update(type="integer"),
        "record/properties/duration_ms: type number was removed",
    ),
    "a type is removed, behind a reference": (
        lambda _, common: common["$defs"]["person"].update(type="string"),
        "record/user_id: type integer was removed",
    ),
    "a text must be shorter": (
        lambda _, common: common["$defs"]["page"].update(maxLength=10),
        "record/properties/page: maxLength was lowered",
    ),
    "a number must be larger": (
        lambda s, _: s["properties"]["properties"]["properties"]["status_code"].update(minimum=200),
        "record/properties/status_code: minimum was raised",
    ),
    "a limit appears": (
        lambda s, _: s["properties"]["properties"].update(maxProperties=3),
        "record/properties: maxProperties was lowered",
    ),
    "a pattern changes": (
        lambda _, common: common["$defs"]["timestamp"].update(pattern="^20"),
        "record/timestamp: pattern was changed",
    ),
    "unknown properties are refused": (
        lambda s, _: s.update(additionalProperties=False),
        "record: additionalProperties was changed",
    ),
    "a branch is removed": (
        lambda s, _: s["properties"]["visitor"]["anyOf"].pop(),
        "record/visitor: type null was removed",
    ),
    "items are narrowed": (
        lambda s, _: s["properties"]["tags"]["items"].update(maxLength=1),
        "record/tags[]: maxLength was lowered",
    ),
    "only the minor version says so": (
        lambda s, _: (s.update(version="1.9.0"), s["properties"].pop("properties")),
        "record: property properties was removed",
    ),
}
ADDITIVE: dict[str, Change] = {
    "nothing changes": lambda *_: None,
    "a property is added": lambda s, _: s["properties"].update(locale={"type": "string"}),
    "a value is added": lambda s, _: s["properties"]["event_type"]["enum"].append("scroll"),
    "a list of values goes": lambda s, _: s["properties"]["event_type"].pop("enum"),
    "nothing is required": lambda s, _: s["required"].clear(),
    "a whole number may be broken": lambda s, _: s["properties"]["properties"]["properties"][
        "status_code"
    ].update(type="number"),
    "null is allowed": lambda _, common: common["$defs"]["uuid"].update(type=["string", "null"]),
    "limits are wider": lambda _, common: common["$defs"]["page"].update(maxLength=9_999),
    "a limit goes": lambda _, common: common["$defs"]["timestamp"].pop("pattern"),
    "a branch is added": lambda s, _: s["properties"]["visitor"]["anyOf"].append(
        {"type": "boolean"}
    ),
    "branches become one list of types": lambda s, _: s["properties"].update(
        visitor={"type": ["string", "integer", "null"]}
    ),
    "the words change": lambda s, _: s.update(title="Other words", description="too"),
    "the major version changes": lambda s, _: (s.update(version="2.0.0"), s["properties"].clear()),
}


def changes_by(change: Change) -> list[str]:
    """What the checker finds when user.events, with a list and a choice more, is changed."""
    old, common = read_released("user.events.json"), read_released("common.json")
    person = {"$ref": "common.json#/$defs/person"}
    old["properties"]["visitor"] = {"anyOf": [person, {"type": "null"}]}
    old["properties"]["tags"] = {"type": "array", "items": {"type": "string", "maxLength": 9}}
    new, new_common = copy.deepcopy(old), copy.deepcopy(common)
    change(new, new_common)
    return breaking_changes(old, new, lambda _: common, lambda _: new_common)


@pytest.mark.parametrize("what", BREAKING)
def test_the_checker_finds_a_breaking_change_when(what: str) -> None:
    change, message = BREAKING[what]
    assert message in changes_by(change)


@pytest.mark.parametrize("what", ADDITIVE)
def test_the_checker_lets_pass_when(what: str) -> None:
    assert changes_by(ADDITIVE[what]) == []
