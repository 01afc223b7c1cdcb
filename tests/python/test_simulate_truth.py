"""The truth of a stream, held against a few events written out by hand."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from ingest.simulate.plan import Plan
from ingest.simulate.truth import truth_of
from ingest.simulate.truth_learning import union_length
from ingest.simulate.world import simulate, truth

ARRIVED = datetime(2025, 10, 2, tzinfo=UTC)
Sent = tuple[str, bytes | None, datetime]


def test_every_record_is_produced_and_accepted_rejected_or_a_copy() -> None:
    good = _app(1, "09:00:00", "page_view", page="/a")
    found = truth_of(
        [
            good,
            ("user.events", good[1][:-1] if good[1] else None, ARRIVED),
            ("user.events", None, ARRIVED),
            good,
            _app(1, "10:00:00", "page_view", page="/b"),  # same id, other content: too late
            _app(2, "09:00:00", "page_view", date="1970-01-02", page="/a"),
            _app(3, "09:00:00", "page_view", date="2081-01-02", page="/a"),
            _app(4, "09:00:00", "page_view", user=None, page="/a"),
        ]
    )
    expected = {
        "produced": 8,
        "accepted": 5,
        "rejected": {"not_json": 1, "tombstone": 1, "contract": 1},
        "duplicates": 2,
        "events": 3,
        "misdated": 2,
    }
    assert found["topics"] == {"user.events": expected}
    assert found["stream"] == expected
    assert found["learning"]["events"] == 1
    assert found["learning"]["page_view_stats"] == [["2025-10-01", 9, "/a", 1]]


def test_the_rejected_copy_does_not_take_the_id_of_the_good_one() -> None:
    good = _app(1, "09:00:00", "page_view", page="/a")
    broken = _app(1, "09:00:00", "no such type", page="/a")
    assert truth_of([broken, good])["stream"]["events"] == 1


def test_half_an_hour_continues_a_session_and_a_second_more_ends_it() -> None:
    learning = truth_of(
        [
            _app(1, "23:50:00", "page_view", page="/a"),
            _tracker("clickstream", 2, "00:20:00", "page_view", date="2025-10-02"),
            _tracker("clickstream", 3, "00:50:01", "click", date="2025-10-02"),
            _app(4, "12:00:00", "page_view", user="app-7", page="/a"),
        ]
    )["learning"]
    assert learning["sessions"] == [
        ["app:app-7", _at("12:00:00"), _at("12:00:00"), 1, 0],
        ["moodle:7", _at("23:50:00"), _at("00:20:00", "2025-10-02"), 2, 600],
        ["moodle:7", _at("00:50:01", "2025-10-02"), _at("00:50:01", "2025-10-02"), 1, 0],
    ]
    assert learning["people"] == 2
    assert learning["daily_active_people"] == [["2025-10-01", 2], ["2025-10-02", 1]]


def test_events_that_arrive_in_any_order_make_the_same_sessions() -> None:
    events = [_app(n, f"0{n}:00:00", "click", page="/a") for n in range(6)]
    events += [_app(9, "02:20:00", "click", page="/a"), _app(8, "02:40:00", "click", page="/a")]
    assert (
        truth_of(events)["learning"]["sessions"] == truth_of(events[::-1])["learning"]["sessions"]
    )
    assert len(truth_of(events)["learning"]["sessions"]) == 5


def test_a_window_holds_its_first_instant_and_not_the_next_ones() -> None:
    views = [
        _app(1, "09:04:59.999", "page_view", page="/a"),
        _app(2, "09:05:00", "page_view", page="/a"),
        _app(3, "09:09:59.999", "page_view", page="/a", status_code=500),
        _app(4, "09:09:59", "page_view", page="/b"),
        _app(5, "09:09:59", "click", page="/b"),
    ]
    learning = truth_of(views)["learning"]
    assert learning["page_view_window_5m"] == [
        [_at("09:00:00"), "/a", 1],
        [_at("09:05:00"), "/a", 2],
        [_at("09:05:00"), "/b", 1],
    ]
    assert learning["page_view_stats"] == [["2025-10-01", 9, "/a", 3], ["2025-10-01", 9, "/b", 1]]


def test_engagement_weighs_events_pages_and_clicks_and_leaves_errors_out() -> None:
    events = [
        _app(1, "09:00:00", "session_start"),
        _app(2, "09:01:00", "page_view", page="/a", status_code=200),
        _app(3, "09:02:00", "page_view", page="/a"),
        _app(4, "09:03:00", "click", page="/b"),
        _app(5, "09:04:00", "page_view", page="/c", status_code=404),
    ]
    found = truth_of(events)["learning"]
    # 0.3 * 4 events + 0.4 * 2 pages + 0.3 * 1 click
    assert found["user_engagement"] == [["moodle:7", "2025-10-01", 4, 2, 1, 2.3]]
    assert found["sessions"][0][3] == 5  # who met an error was there all the same


def test_hours_count_session_starts_and_average_what_was_reported() -> None:
    events = [
        _app(1, "09:00:00", "session_start"),
        _app(2, "09:01:00", "page_view", page="/a", duration_ms=1000),
        _app(3, "09:59:59.999", "session_end", duration_ms=2000),
        _app(4, "10:00:00", "click", page="/a"),
    ]
    assert truth_of(events)["learning"]["user_session_hourly"] == [
        [_at("09:00:00"), "moodle:7", 1, 1500.0],
        [_at("10:00:00"), "moodle:7", 0, None],
    ]


def test_seconds_of_a_video_count_once() -> None:
    stretches = [(0, 15), (15, 30), (5, 20), (60, 75)]
    events = [
        _video(n, f"09:0{n}:00", watched_from=start, watched_to=end)
        for n, (start, end) in enumerate(stretches)
    ]
    assert truth_of([*events, _video(9, "09:09:00")])["learning"]["videos"] == [
        ["moodle:7", "video-1", 45, 90, 15]
    ]


@pytest.mark.parametrize(
    ("stretches", "covered"),
    [
        ([], 0),
        ([(3, 5)], 2),
        ([(0, 10), (2, 4)], 10),
        ([(5, 9), (0, 5)], 9),
        ([(0, 1), (8, 9)], 2),
    ],
)
def test_overlaps_are_covered_once(stretches: list[tuple[float, float]], covered: float) -> None:
    assert union_length(stretches) == covered


def test_the_funnel_follows_the_order_of_time_within_a_session() -> None:
    shop = truth_of(
        [
            _shop("clicks", 1, "09:00:00", page="/a", referrer=None),
            _shop("cart", 2, "09:01:00", quantity=1),
            _purchase(3, "09:02:00", "EUR", 19.9),
            # the same product again, more than half an hour later and without a look
            _shop("cart", 4, "10:00:00", quantity=1),
            _purchase(5, "10:01:00", "EUR", 0.1),
            # put into the cart before it was looked at
            _shop("cart", 6, "09:00:00", session="other", quantity=1),
            _shop("clicks", 7, "09:01:00", session="other", page="/a", referrer=None),
            # taken out only
            _shop("clicks", 8, "09:00:00", session="third", page="/a", referrer=None),
            _shop("cart", 9, "09:01:00", session="third", quantity=-1, event_kind="remove"),
        ]
    )["shop"]
    assert shop["visitors"] == 3
    assert [session[3] for session in shop["sessions"]] == [3, 2, 2, 2]
    assert shop["funnel"] == {"clicked": 3, "carted": 1, "purchased": 1, "direct": 2}
    assert shop["cart_changes"] == {"add": 3, "remove": 1}
    assert shop["orders"] == {"EUR": {"orders": 2, "items": 2, "revenue": "20.0"}}


def test_amounts_are_exact_and_never_added_across_currencies() -> None:
    orders = truth_of(
        [_purchase(n, "09:00:00", "KWD", 0.001) for n in range(3)]
        + [_purchase(9, "09:00:00", "JPY", 1500)]
    )["shop"]["orders"]
    assert orders["KWD"] == {"orders": 3, "items": 3, "revenue": "0.003"}
    assert orders["JPY"] == {"orders": 1, "items": 1, "revenue": "1500"}


def test_attendance_ends_with_leaving_or_with_the_meeting() -> None:
    events = [
        _meeting(1, "09:00:00", "meeting_created", "a"),
        _meeting(2, "09:00:00", "participant_joined", "a"),
        _meeting(3, "09:10:00", "participant_joined", "b"),
        _meeting(4, "09:20:00", "participant_left", "b"),
        _meeting(5, "09:25:00", "participant_joined", "b"),
    ]
    (open_,) = truth_of(events)["meetings"]
    assert open_["ended_at"] is None
    assert open_["attended_seconds"] == {"app:a": None, "app:b": None}
    (ended,) = truth_of([*events, _meeting(6, "09:30:00", "meeting_ended", "a")])["meetings"]
    assert ended["ended_at"] == _at("09:30:00")
    assert ended["unique_participants"] == 2
    assert ended["joins"] == 3
    assert ended["attended_seconds"] == {"app:a": 1800, "app:b": 900}


def test_a_review_decides_the_violation_it_names() -> None:
    events = [
        _violation(1, "09:00:00", "violation_detected", severity=4, reviewed_outcome="pending"),
        _violation(2, "09:01:00", "violation_detected", severity=2, reviewed_outcome="pending"),
        _violation(
            3,
            "10:00:00",
            "violation_reviewed",
            severity=4,
            reviewed_outcome="upheld",
            violation_event_id=_id(1),
        ),
    ]
    assert truth_of(events)["proctoring"] == {
        "violations": 2,
        "by_outcome": {"pending": 1, "upheld": 1},
        "by_severity": {"2": 1, "4": 1},
    }


def test_the_truth_of_a_plan_adds_up() -> None:
    plan = Plan(
        seed=3, events=4_000, duplicate_share=0.05, malformed_share=0.05, skew_share=0.1, days=2
    )
    found = truth(plan)
    stream = found["stream"]
    assert stream["produced"] == len(list(simulate(plan))) == 4_400
    assert stream["events"] == 4_000
    assert stream["duplicates"] == 200
    assert sum(stream["rejected"].values()) == 200
    assert stream["accepted"] == 4_200
    assert stream["misdated"] > 0
    counted = found["learning"]["events"] + sum(s[3] for s in found["shop"]["sessions"])
    apart = sum(
        found["topics"][topic]["events"] - found["topics"][topic]["misdated"]
        for topic in ("meeting.events", "proctoring.violations")
        if topic in found["topics"]
    )
    assert counted + apart + stream["misdated"] == 4_000
    assert orjson.dumps(found)


def _send(topic: str, payload: dict[str, Any]) -> Sent:
    return topic, orjson.dumps(payload), ARRIVED


def _id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def _at(clock: str, date: str = "2025-10-01") -> str:
    return f"{date}T{clock}.000+00:00"


def _app(
    number: int,
    clock: str,
    event_type: str,
    user: str | None = "7",
    date: str = "2025-10-01",
    **properties: Any,
) -> Sent:
    payload = {
        "event_id": _id(number),
        "event_type": event_type,
        "user_id": user,
        "timestamp": f"{date}T{clock}Z",
        "properties": properties,
    }
    return _send("user.events", payload)


def _tracker(
    topic: str, number: int, clock: str, event_type: str, date: str = "2025-10-01", **fields: Any
) -> Sent:
    payload = {
        "event_id": _id(number),
        "student_id": 7,
        "event_type": event_type,
        "timestamp": f"{date}T{clock}Z",
        **fields,
    }
    return _send(topic, payload)


def _video(number: int, clock: str, **metadata: Any) -> Sent:
    return _tracker(
        "video",
        number,
        clock,
        "video_ping",
        video_id="video-1",
        metadata={"video_length": 90, **metadata},
    )


def _shop(
    topic: str,
    number: int,
    clock: str,
    session: str = "one",
    product: str | None = "course-2",
    **fields: Any,
) -> Sent:
    payload = {
        "event_id": _id(number),
        "user_id": None,
        "session_id": session,
        "product_id": product,
        "ts": f"2025-10-01T{clock}Z",
        **fields,
    }
    return _send(topic, payload)


def _purchase(number: int, clock: str, currency: str, amount: float) -> Sent:
    items = [{"product_id": "course-2", "quantity": 1, "unit_price": amount}]
    return _shop(
        "purchase", number, clock, product=None, items=items, total_amount=amount, currency=currency
    )


def _meeting(number: int, clock: str, event_type: str, user: str) -> Sent:
    payload = {
        "event_id": _id(number),
        "event_type": event_type,
        "meeting_id": "m",
        "user_id": user,
        "timestamp": f"2025-10-01T{clock}Z",
    }
    return _send("meeting.events", payload)


def _violation(number: int, clock: str, event_type: str, **properties: Any) -> Sent:
    payload = {
        "event_id": _id(number),
        "event_type": event_type,
        "assessment_id": "exam",
        "attempt_id": "attempt",
        "user_id": "7",
        "timestamp": f"2025-10-01T{clock}Z",
        "properties": properties,
    }
    return _send("proctoring.violations", payload)
