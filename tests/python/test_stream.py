"""`coursehouse stream`: what comes is shown, nothing is lost or doubled, others may build, too."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, LiteralString

import orjson
import psycopg
import pytest
from children import Trap, run_killed
from dbt.adapters.postgres.connections import PostgresConnectionManager
from event_lanes import EventLane, cart, click
from warehouse_fixtures import Warehouse

from ingest.build import Dbt
from ingest.kafka.broker import EmbeddedBroker
from ingest.kafka.store import Store
from ingest.settings import load_settings
from ingest.stream import cycle
from ingest.stream.run import Stream

PATIENCE_SECONDS = 600.0
MODELS = ("--resource-type", "model", "--resource-type", "seed")
BUILT = ("+tag:near_real_time", "+tag:alert", "+path:models/marts/ops")
TOPICS = ("clicks", "cart", "purchase")
COUNTED = """
select
    coalesce(sum(clicks_count), 0), coalesce(sum(carts_count), 0), coalesce(sum(orders_count), 0)
from marts_engagement.rt_sales_window where window_minutes = 5
"""
# what streams write; one warehouse serves all tests, because dbt reads the project for each anew
USED = (
    *("raw_events.clicks", "raw_events.cart", "raw_events.purchase", "raw_events.dead_letter"),
    *("ops.kafka_position", "ops.metric_sample", "ops.alert_event", "ops.alert_outbox"),
    *("ops.build_run", "ops.build_result", "ops.load_run"),
    *("intermediate.int_events__recent_events", "intermediate.int_events__recent_people"),
    *("marts_engagement.rt_sales_window", "marts_engagement.rt_activity_window"),
)
LAG: LiteralString = """
insert into ops.metric_sample (metric, labels, value)
values ('coursehouse_kafka_consumer_lag_records', '{"topic": "clicks"}', 20000)
"""
PULSE = """
select max(value) from ops.metric_sample
where
    metric = 'coursehouse_last_success_timestamp_seconds' and labels = '{"source": "stream"}'
"""
ROWS = "select * from marts_engagement.rt_{}_window order by 1, 2"


@pytest.fixture(scope="module")
def built(small_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    """What a stream goes on with, and no event."""
    warehouse = small_warehouse("stream")
    warehouse.leave_parsed()  # the command goes on with what this leaves
    warehouse.run("build", "--select", *BUILT, *MODELS)
    return warehouse


@pytest.fixture
def house(built: Warehouse, broker: EmbeddedBroker) -> EventLane:
    """That warehouse without any event, and a broker with the topics of the shop."""
    # in the home where dbt has read the project already: no stream has to
    lane = EventLane(broker.bootstrap_servers, built.dsn, built.target.parent)
    with lane.connect() as conn:
        conn.execute(f"truncate {', '.join(USED)}")
    lane.create(*TOPICS)
    return lane


class Running:
    """A stream in a process of its own."""

    def __init__(self, house: EventLane, output: IO[str]) -> None:
        self.house = house
        self._output = Path(output.name)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ingest.cli", "stream", "--every=1"],
            env=house.environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def said(self) -> list[str]:
        return self._output.read_text().splitlines()

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, self.said()
            assert self.process.poll() is None, self.said()
            time.sleep(0.1)

    def wait_for(self, words: str) -> None:
        self.wait_until(lambda: any(words in line for line in self.said()))

    def wait_for_counts(self, *counts: int) -> None:
        self.wait_until(lambda: counted(self.house) == counts)

    def stop(self, number: int) -> list[str]:
        self.process.send_signal(number)
        assert self.process.wait(PATIENCE_SECONDS) == 0, self.said()
        return self.said()


@contextmanager
def streaming(house: EventLane, tmp_path: Path) -> Iterator[Running]:
    with (tmp_path / "said").open("w") as output:
        running = Running(house, output)
        try:
            yield running
        finally:
            running.process.kill()
            running.process.wait()


def counted(house: EventLane) -> tuple[int, ...]:
    """Clicks, additions to carts and orders, as readers see them."""
    return tuple(map(int, house.read(COUNTED)[0]))


def order(number: int, **changed: Any) -> bytes:
    """A record that keeps the contract of `purchase`."""
    item = {"product_id": "p1", "quantity": 1, "unit_price": 10}
    return orjson.dumps(
        {
            "event_id": f"order-{number}",
            "user_id": 1 + number % 50,
            "session_id": f"s{number % 50}",
            "items": [item],
            "total_amount": 10,
            "currency": "EUR",
            "ts": "2025-10-01T10:00:00Z",
        }
        | changed
    )


def test_a_stream_shows_what_comes_tells_of_alerts_and_ends_when_asked(
    house: EventLane, tmp_path: Path
) -> None:
    house.produce("clicks", map(click, range(100)))
    with streaming(house, tmp_path) as stream:
        stream.wait_for_counts(100, 0, 0)
        house.produce("clicks", map(click, range(50)))  # again
        house.produce("cart", map(cart, range(20)))
        house.produce("purchase", map(order, range(10)))
        stream.wait_for_counts(100, 20, 10)
        # the shop has moved on, and something comes late into a window that was shown already
        house.produce("clicks", [click(200, ts="2025-10-02T10:00:00Z")])
        stream.wait_for_counts(101, 20, 10)
        house.produce("purchase", [order(300, ts="2025-10-01T10:04:59Z")])
        stream.wait_for_counts(101, 20, 11)
        revenue = house.value(
            "select revenue_reporting from marts_engagement.rt_sales_window"
            " where window_minutes = 5 and window_start = '2025-10-01 10:00+00'"
        )
        assert revenue == 110
        house.read(f"{LAG} returning 1")
        stream.wait_for("[error] consumer_lag")
        said = stream.stop(signal.SIGTERM)
    assert said[-1].startswith("stream: stopped after ")
    assert any(line.startswith("events loaded: 182 accepted") for line in said)
    house.assert_exactly_once()
    assert house.value("select count(*) from ops.build_run where command = 'stream'") == 0
    assert house.value(
        "select count(*) > 0 from ops.metric_sample"
        " where metric = 'coursehouse_last_success_timestamp_seconds'"
        """ and labels = '{"source": "stream"}'"""
    )


def test_a_stream_yields_to_other_builds_outlives_failures_and_leaves_the_last_good_marts(
    house: EventLane, tmp_path: Path
) -> None:
    house.produce("clicks", map(click, range(100)))
    with house.connect() as other, streaming(house, tmp_path) as stream:
        stream.wait_for_counts(100, 0, 0)
        other.execute("select pg_advisory_lock(hashtext('coursehouse:build'))")
        stream.wait_for("another build is running")
        house.produce("clicks", map(click, range(100, 200)))
        stream.wait_until(lambda: bool(house.value("select count(*) = 200 from raw_events.clicks")))
        assert counted(house) == (100, 0, 0)
        other.execute(LAG)
        stream.wait_for("[error] consumer_lag")
        pulse = house.value(PULSE)
        stream.wait_until(lambda: bool(house.value(PULSE) > pulse))  # it is not taken for dead
        other.execute("select pg_advisory_unlock_all()")
        stream.wait_for("going on")
        stream.wait_for_counts(200, 0, 0)

        # in the middle: what comes before it in a cycle is built, what it makes is not
        middle = "intermediate.int_events__recent_people"
        other.execute(f"alter table {middle} add constraint broken check (false) not valid")
        shown = [house.read(ROWS.format(mart)) for mart in ("sales", "activity")]
        house.produce("clicks", map(click, range(200, 300)))
        stream.wait_for("; trying again in 2 s")
        stream.wait_for("; trying again in 4 s")
        assert [house.read(ROWS.format(mart)) for mart in ("sales", "activity")] == shown
        assert house.value("select count(*) from intermediate.int_events__recent_events") == 300
        other.execute(f"alter table {middle} drop constraint broken")
        stream.wait_for_counts(300, 0, 0)
        said = stream.stop(signal.SIGINT)
    failed = [line for line in said if "trying again" in line]
    assert all("int_events__recent_people" in line for line in failed)
    assert said.count("another build is running: going on when it has ended") == 1
    failing = house.read(
        "select distinct command, status from ops.build_run where command = 'stream'"
    )
    assert failing == [("stream", "failed")]
    house.assert_exactly_once()


def test_a_stream_that_crashed_was_not_asked_to_stop(
    house: EventLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def warm_up(self, _: Path) -> None:
            """Nothing is read."""

        def near_real_time(self, _: Path) -> None:
            raise ZeroDivisionError("by nobody's wish")

    monkeypatch.setattr(cycle, "Dbt", Broken)
    monkeypatch.setattr("ingest.stream.run.has_kafka", lambda _: False)
    for name, value in house.environment().items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ZeroDivisionError):
        Stream(load_settings(), lambda line: None, 1, lambda: False).run([])
    Stream(load_settings(), lambda line: None, 1, lambda: True).run([])
    assert house.read("select source, status, error_class from ops.load_run order by run_id") == [
        ("stream", "failed", "ZeroDivisionError"),
        ("stream", "ok", None),
    ]


def writes(model: str, _: Any, sql: str, *__: Any, **___: Any) -> bool:
    """Whether dbt asks the database to write rows of this model."""
    return "insert into" in sql and f'"{model}"' in sql


QUERY = (PostgresConnectionManager, "add_query")
MOMENTS = (
    Trap(Store, "add"),  # after a batch was stored
    # in the transactions of the first model and of a later one
    Trap(*QUERY, when=partial(writes, "int_events__recent_events")),
    Trap(*QUERY, when=partial(writes, "rt_sales_window")),
    Trap(Dbt, "near_real_time"),  # after the build
    Trap(cycle, "evaluate"),  # after the alerts
)


def _stream(environment: dict[str, str], stops: Sequence[int]) -> None:
    """Stream in this process until so many events of each kind are shown."""
    os.environ.update(environment)
    settings = load_settings()

    def is_shown() -> bool:
        with psycopg.connect(environment["TEST_WAREHOUSE"], autocommit=True) as conn:
            row = conn.execute(COUNTED).fetchone()
        return row is not None and [int(count) for count in row] == list(stops)

    Stream(settings, lambda line: None, 1, is_shown).run([])


def test_a_stream_killed_at_any_moment_loses_and_doubles_nothing(
    house: EventLane, built: Warehouse
) -> None:
    environment = house.environment() | {"TEST_WAREHOUSE": house.warehouse}
    for number, moment in enumerate(MOMENTS):
        # half of the clicks are those of the round before, sent again
        clicks = range(100 * number, 100 * number + 200)
        house.produce("clicks", map(click, clicks), partition=number % 3)
        house.produce("purchase", map(order, range(10 * number, 10 * number + 10)))
        run_killed(moment, _stream, environment, (-1, -1, -1))
    house.produce("cart", map(cart, range(30)))
    _stream_here(environment, (600, 30, 50))
    house.assert_exactly_once()
    increments = [house.read(ROWS.format(mart)) for mart in ("sales", "activity")]
    built.run("run", "--select", "tag:near_real_time", "--full-refresh")
    assert [house.read(ROWS.format(mart)) for mart in ("sales", "activity")] == increments


def _stream_here(environment: dict[str, str], stops: Sequence[int]) -> None:
    before = dict(os.environ)
    try:
        _stream(environment, stops)
    finally:
        os.environ.clear()
        os.environ.update(before)
