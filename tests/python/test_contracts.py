"""Contracts and the topic registry: what gets in, what stays out, and what a reason may say."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from ingest.errors import UserError
from ingest.events.contracts import CONTRACT_DIR, MAX_RECORD_BYTES, contract_of, read_schema
from ingest.events.topics import REGISTRY_FILE, choose, read_topics, topics


def page_view(**changes: Any) -> dict[str, Any]:
    return {
        "event_id": str(uuid4()),
        "event_type": "page_view",
        "user_id": 7,
        "timestamp": "2025-10-01T10:00:00Z",
        "properties": {"page": "/course/view.php?id=3"},
        **changes,
    }


def rejection(topic: str, value: bytes | None) -> str | None:
    found = contract_of(topic).check(value)
    return found.error_class if found else None


def test_every_topic_has_a_contract_that_names_its_person_and_its_time() -> None:
    assert len(topics()) == 13
    for topic in topics().values():
        schema = read_schema(topic.contract)
        assert contract_of(topic.topic).version == schema["version"]
        fields = {topic.person_field, topic.time_field} - {""}
        assert fields <= schema["properties"].keys()
        assert topic.time_field in schema["required"]


def test_every_contract_file_belongs_to_a_topic() -> None:
    used = {topic.contract for topic in topics().values()} | {"common.json"}
    assert {file.name for file in CONTRACT_DIR.glob("*")} == used


def test_topics_are_created_as_the_documents_say() -> None:
    asked = {"user.events": 6, "meeting.events": 4, "assessment.events": 4}
    asked |= {"proctoring.violations": 4, "learning.progress": 6}
    assert {name: topics()[name].partitions for name in asked} == asked
    assert topics()["user.events"].retention_ms == 7 * 86_400_000
    assert topics()["meeting.events"].retention_ms == 30 * 86_400_000
    assert {topic.replication_factor for topic in topics().values()} == {3}


def test_the_warehouse_keeps_what_a_broker_has_dropped() -> None:
    for topic in topics().values():
        assert topic.raw_retention_days * 86_400_000 > topic.retention_ms
        assert topic.error_after_minutes * 60_000 <= topic.retention_ms


def test_an_unknown_topic_is_named_with_the_known_ones() -> None:
    assert [topic.topic for topic in choose(["cart"])] == ["cart"]
    assert choose([]) == list(topics().values())
    with pytest.raises(UserError, match=r"no topic carts: choose from user\.events, "):
        choose(["cart", "carts"])


def test_a_registry_row_that_breaks_its_rules_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "topics.csv"
    broken.write_text(REGISTRY_FILE.read_text().replace("user_events,6", "user_events,0"))
    with pytest.raises(ValueError, match="partitions"):
        read_topics(broken)


def test_properties_no_contract_names_are_let_in() -> None:
    event = page_view(experiment="b", properties={"page": "/", "method": "GET", "tab": {"no": 3}})
    assert rejection("user.events", orjson.dumps(event)) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "tombstone"),
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"\xff{}", "not_utf8"),
        (b'{"a": NaN}', "not_json"),
        (b'{"a": "\\ud800"}', "unstorable"),
        (b'{"a": 1e40000}', "unstorable"),
        (b'{"a": 1%s}' % (b"0" * 5_000), "unstorable"),
        (b"[" * 100_000, "not_json"),
        (b"[]", "contract"),
        (b"null", "contract"),
        (b" " * (MAX_RECORD_BYTES + 1), "too_large"),
        (orjson.dumps(page_view(note="a\0b")), "unstorable"),
        (orjson.dumps(page_view(deep=[{"a\0": 1}])), "unstorable"),
        # the two characters \ and u0000, which Postgres stores
        (orjson.dumps(page_view(note="a\\u0000b")), None),
        (orjson.dumps(page_view(timestamp="yesterday")), "contract"),
        (orjson.dumps(page_view(timestamp="2025-10-01T10:00:00")), "contract"),
        (orjson.dumps(page_view(timestamp="0001-01-01T00:00:00Z")), "contract"),
        (orjson.dumps(page_view(timestamp="2025-10-01T10:00:00.123456+05:30")), None),
        (orjson.dumps(page_view(event_id="7")), "contract"),
        (orjson.dumps(page_view(user_id="")), "contract"),
        (orjson.dumps(page_view(user_id=True)), "contract"),
        (orjson.dumps(page_view(user_id=2**60)), "contract"),
        (orjson.dumps(page_view(user_id="0f8fad5b-d9cb-469f-a165-70867728950e")), None),
        (orjson.dumps(page_view(properties={"status_code": 99})), "contract"),
        (orjson.dumps(page_view(properties={"duration_ms": -1})), "contract"),
    ],
)
def test_a_record_is_let_in_or_refused_with_a_class(value: bytes | None, expected: str) -> None:
    assert rejection("user.events", value) == expected


def test_a_reason_names_fields_and_rules_but_no_value() -> None:
    event = page_view(user_id="ann@example.org" * 20, timestamp="ann's birthday", event_type="ann")
    found = contract_of("user.events").check(orjson.dumps(event))
    assert found is not None
    for field in ("event_type", "user_id", "timestamp"):
        assert f"{field}: the value" in found.reason
    assert "ann" not in found.reason


@pytest.mark.parametrize("depth", [-0.5, 100.3, 5_000])
def test_a_page_view_is_not_lost_for_how_far_it_was_scrolled(depth: float) -> None:
    view = {"event_id": "1", "student_id": 7, "event_type": "page_view"}
    view |= {"timestamp": "2025-10-01T10:00:00Z", "metadata": {"scroll_depth": depth}}
    assert rejection("clickstream", orjson.dumps(view)) is None


def test_a_visitor_of_the_shop_may_be_nobody_but_a_learner_may_not() -> None:
    click = {
        "event_id": "1",
        "user_id": None,
        "session_id": "s",
        "product_id": 1,
        "ts": "2025-10-01T10:00:00Z",
        "page": "/shop",
        "referrer": None,
    }
    assert rejection("clicks", orjson.dumps(click)) is None
    assert rejection("user.events", orjson.dumps(page_view(user_id=None))) == "contract"


@pytest.mark.parametrize(
    ("decides", "expected"),
    [
        ({}, None),
        ({"violation_event_id": None}, None),
        ({"violation_event_id": str(uuid4())}, None),
        ({"violation_event_id": "7"}, "contract"),
        ({"violation_event_id": 7}, "contract"),
    ],
)
def test_a_review_names_the_violation_it_decides_by_its_event_id(
    decides: dict[str, Any], expected: str | None
) -> None:
    review = page_view(
        event_type="violation_reviewed",
        assessment_id="exam-1",
        attempt_id="attempt-1",
        properties={"reviewed_outcome": "upheld", **decides},
    )
    assert rejection("proctoring.violations", orjson.dumps(review)) == expected
