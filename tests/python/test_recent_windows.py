"""What is shown in near real time against a plain count of the same stream in Python.

A stream with late, repeated, broken and misdated records arrives in loads, with a build of the
models in near real time after each. Every window of both marts is counted anew here, from the
messages, without the warehouse's SQL and without looking at anything but the last load's state.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import orjson
import psycopg
import pytest
from event_streams import load_messages
from warehouse_fixtures import Warehouse

from ingest.build import NO_TESTS
from ingest.events.contracts import contract_of
from ingest.events.topics import topics
from ingest.fx.load import load_fx
from ingest.simulate.noise import Message
from ingest.simulate.plan import Plan
from ingest.simulate.received import AHEAD, OLDEST, person_of
from ingest.simulate.world import simulate

PLAN = Plan(
    seed=11,
    events=9_000,
    days=4,
    late_share=0.02,
    duplicate_share=0.03,
    out_of_order_share=0.05,
    malformed_share=0.02,
    skew_share=0.02,
)
LOADS = 4
STEP, KEPT, HOUR = timedelta(minutes=5), timedelta(hours=48), timedelta(minutes=60)
LEARNING = (
    *("user.events", "assessment.events", "learning.progress", "clickstream", "quiz", "video"),
)
SHOP = ("clicks", "cart", "purchase")
GUEST = "moodle:1"


@dataclass(frozen=True)
class Event:
    """What counts of a record."""

    topic: str
    name: str
    person: str | None
    ts: datetime
    is_error: bool
    amount: Decimal | None
    currency: str | None


def batches() -> list[list[Message]]:
    stream = list(simulate(PLAN))
    size = -(-len(stream) // LOADS)
    return [stream[first : first + size] for first in range(0, len(stream), size)]


@pytest.fixture(scope="module")
def house(small_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    """The stream in several loads, built after each."""
    warehouse = small_warehouse("recent_windows")
    load_fx(warehouse.settings(), is_sample=True)
    for number, batch in enumerate(batches()):
        with warehouse.connect() as conn:
            load_messages(conn, batch, loaded_at=batch[-1].produced_at)
        ancestors = "" if number else "+"
        warehouse.run("build", "--select", f"{ancestors}tag:near_real_time", *NO_TESTS)
    warehouse.run("test", "--select", "tag:near_real_time", "--exclude", "test_type:unit")
    return warehouse


@pytest.fixture(scope="module")
def conn(house: Warehouse) -> Iterator[psycopg.Connection]:
    with house.connect() as connection:
        yield connection


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """Every event that counts: its first copy by id and time, if its clock is believable."""
    found: dict[tuple[str, str, datetime], Event] = {}
    for batch in batches():
        arrived = batch[-1].produced_at
        for sent in batch:
            if sent.topic in (*LEARNING, *SHOP) and not contract_of(sent.topic).check(sent.value):
                payload = orjson.loads(sent.value or b"")
                at = datetime.fromisoformat(payload[topics()[sent.topic].time_field])
                if OLDEST <= at <= arrived + AHEAD:
                    key = (sent.topic, str(payload["event_id"]), at)
                    found.setdefault(key, _event(sent.topic, payload, min(at, arrived)))
    clock = max(event.ts for event in found.values())
    return [event for event in found.values() if event.ts >= _bucket(clock) - KEPT - HOUR]


def _event(topic: str, payload: dict[str, Any], ts: datetime) -> Event:
    visitor = payload.get("session_id") if topic in SHOP else None
    person = person_of(payload.get(topics()[topic].person_field or ""), visitor)
    status = (payload.get("properties") or {}).get("status_code")
    return Event(
        topic=topic,
        name=payload.get("event_type") or payload.get("status") or payload.get("event_kind") or "",
        person=None if person == GUEST else person,
        ts=ts,
        is_error=topic == "user.events" and status is not None and status >= 400,
        amount=Decimal(str(payload["total_amount"])) if topic == "purchase" else None,
        currency=payload.get("currency"),
    )


def _share(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) / whole).quantize(Decimal("0.0001"), ROUND_HALF_UP) if whole else None


def _bucket(instant: datetime) -> datetime:
    return instant - (instant - datetime(1970, 1, 1, tzinfo=UTC)) % STEP


def windows(events: list[Event]) -> Iterator[tuple[int, datetime, list[Event]]]:
    """Length, begin and events of every window that is shown."""
    newest = _bucket(max(event.ts for event in events))
    by_bucket: dict[datetime, list[Event]] = defaultdict(list)
    for event in events:
        by_bucket[_bucket(event.ts)].append(event)
    for minutes in (5, 60):
        length = timedelta(minutes=minutes)
        for step in range(KEPT // STEP):
            end = newest + STEP - step * STEP
            buckets = [end - (back + 1) * STEP for back in range(length // STEP)]
            yield minutes, end - length, [event for b in buckets for event in by_bucket[b]]


def test_some_of_the_stream_is_recent_and_some_is_not(
    conn: psycopg.Connection, events: list[Event]
) -> None:
    kept = conn.execute("select count(*) from intermediate.int_events__recent_events").fetchone()
    assert kept == (len(events),)
    assert 1_000 < len(events) < PLAN.events


def test_windows_of_learning_are_those_counted_by_hand(
    conn: psycopg.Connection, events: list[Event]
) -> None:
    views = {"page_view"}
    engagements = conn.execute(
        "select topic, event_type from raw_ref.event_types where is_engagement"
    ).fetchall()
    expected = {}
    for minutes, start, inside in windows(events):
        learning = [event for event in inside if event.topic in LEARNING]
        errors = sum(event.is_error for event in learning)
        active = {
            event.person
            for event in learning
            if event.person and not event.is_error and _kind(event) in engagements
        }
        expected[minutes, start] = (
            len(learning),
            sum(event.name in views for event in learning),
            errors,
            len(active),
            _share(errors, len(learning)),
        )
    found = conn.execute(
        "select window_minutes, window_start, events_count, views_count, errors_count,"
        " active_learners_count, error_rate from marts_engagement.rt_activity_window"
    ).fetchall()
    assert {(row[0], row[1]): row[2:] for row in found} == expected
    assert len(found) == len(expected) == 2 * KEPT // STEP
    assert max(row[3] for row in expected.values()) > 5


def _kind(event: Event) -> tuple[str, str]:
    return event.topic, event.name or "in_progress"


def test_windows_of_the_shop_are_those_counted_by_hand(
    conn: psycopg.Connection, events: list[Event]
) -> None:
    rates = {
        (currency, day): reporting / units
        for currency, day, units, reporting in conn.execute(
            "select currency, rate_date, units_per_eur, reporting_units_per_eur"
            " from intermediate.int_finance__fx_daily"
        ).fetchall()
    }
    expected = {}
    for minutes, start, inside in windows(events):
        shop = [event for event in inside if event.topic in SHOP]
        orders = [event for event in shop if event.topic == "purchase"]
        amounts = [(order, rates.get((order.currency, order.ts.date()))) for order in orders]
        visitors = {event.person for event in shop if event.person}
        buyers = {order.person for order in orders if order.person}
        counts = Counter(event.topic for event in shop)
        expected[minutes, start] = (
            counts["clicks"],
            sum(event.topic == "cart" and event.name in ("", "add") for event in shop),
            len(orders),
            sum(rate is None for _, rate in amounts),
            len(visitors),
            len(buyers),
            _share(len(buyers), len(visitors)),
            pytest.approx(sum((o.amount or 0) * r for o, r in amounts if r), abs=Decimal("0.001")),
        )
    found = conn.execute(
        "select window_minutes, window_start, clicks_count, carts_count, orders_count,"
        " unrated_orders_count, visitors_count, buyers_count, conversion_rate, revenue_reporting"
        " from marts_engagement.rt_sales_window"
    ).fetchall()
    assert {(row[0], row[1]): row[2:] for row in found} == expected
    assert sum(row[4] for row in found) > 0


def test_a_restated_rate_changes_the_revenue_of_windows_that_stand(house: Warehouse) -> None:
    total = "select sum(revenue_reporting) from marts_engagement.rt_sales_window"
    with house.connect() as conn:
        before = conn.execute(total).fetchone()
        conn.execute(
            "update intermediate.int_finance__fx_daily set units_per_eur = units_per_eur * 2"
        )
        house.run("build", "--select", "tag:near_real_time", *NO_TESTS)
        assert conn.execute(total).fetchone() != before
        house.run("build", "--select", "int_finance__fx_daily", "tag:near_real_time", *NO_TESTS)
        assert conn.execute(total).fetchone() == before
