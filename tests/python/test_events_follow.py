"""`load events --follow`, outages, and what is said when Kafka lost records."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import psycopg
import pytest
from confluent_kafka import Producer
from event_lanes import EventLane, cart, click
from psycopg.conninfo import make_conninfo

from ingest.errors import UserError
from ingest.kafka import load, store
from ingest.kafka.broker import EmbeddedBroker
from ingest.kafka.reader import Batch, Reader
from ingest.kafka.summary import Tally

PATIENCE_SECONDS = 60.0


class Follower:
    """A following load in a thread, its result or its error."""

    def __init__(self, events: EventLane, *names: str, **options: Any) -> None:
        self.events = events
        self.is_stopping = False
        self.tally: Tally | None = None
        self.error: UserError | None = None
        self._thread = Thread(target=self._follow, args=names, kwargs=options)
        self._thread.start()

    def _follow(self, *names: str, **options: Any) -> None:
        try:
            self.tally = self.events.load(
                *names, follow=True, is_stopped=lambda: self.is_stopping, **options
            )
        except UserError as error:
            self.error = error

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, self.events.said
            assert self._thread.is_alive(), self.error
            time.sleep(0.05)

    def wait_for_rows(self, table: str, count: int) -> None:
        query = f"select count(*) from raw_events.{table}"
        self.wait_until(lambda: bool(self.events.value(query) == count))

    def end(self) -> None:
        """Wait for an end of its own accord."""
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()

    def stop(self) -> None:
        self.is_stopping = True
        self.end()


@contextmanager
def following(events: EventLane, *names: str, **options: Any) -> Iterator[Follower]:
    follower = Follower(events, *names, **options)
    try:
        follower.wait_until(lambda: bool(_is_prepared(events)) or follower.error is not None)
        yield follower
    finally:
        follower.stop()


def _is_prepared(events: EventLane) -> bool:
    return bool(events.value("select to_regclass('raw_events.clicks') is not null"))


def test_following_stores_what_comes_and_sees_new_topics(
    events: EventLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "DISCOVER_SECONDS", 0.5)
    events.create("clicks")
    with following(events, "clicks", "cart") as follower:
        for turn in range(1, 4):
            events.produce("clicks", map(click, range(10)), partition=turn % 3)
            follower.wait_for_rows("clicks", 10 * turn)
        events.create("cart")
        events.produce("cart", [cart(1)])
        follower.wait_for_rows("cart", 1)
    assert follower.tally is not None
    assert follower.tally.accepted == 31
    assert events.said == ["not in Kafka (yet): cart"]
    events.assert_exactly_once()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_following_with_a_summary(events: EventLane, number: int) -> None:
    events.create("clicks")
    events.produce("clicks", map(click, range(1000)))
    process = subprocess.Popen(
        [sys.executable, "-m", "ingest.cli", "load", "events", "--topics=clicks", "--follow"],
        env=events.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _is_prepared(events) or not events.stored():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "")
    assert output.splitlines()[-1].startswith("events loaded: 1,000 accepted, 0 rejected")
    events.assert_exactly_once()


def test_following_outlives_lost_connections_and_a_closed_warehouse(
    events: EventLane, database: Callable[[], str]
) -> None:
    events.create("clicks")
    name = psycopg.conninfo.conninfo_to_dict(events.warehouse)["dbname"]
    other = psycopg.connect(make_conninfo(events.warehouse, dbname="postgres"), autocommit=True)
    with other, following(events, "clicks") as follower:
        events.produce("clicks", [click(1)])
        follower.wait_for_rows("clicks", 1)
        other.execute(f"alter database {name} with allow_connections false")
        _cut_off(other, str(name))
        events.produce("clicks", map(click, range(10)), partition=1)
        follower.wait_until(lambda: len(events.said) > 0)
        time.sleep(2)  # several attempts
        other.execute(f"alter database {name} with allow_connections true")
        follower.wait_for_rows("clicks", 11)
        follower.wait_until(lambda: "going on" in events.said)
    assert len(events.said) == 2, events.said
    assert events.said[0].endswith("; trying again until it is back")
    events.assert_exactly_once()


def test_a_bounded_load_that_is_cut_off_says_so_and_the_next_one_completes_it(
    events: EventLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.kafka.reader.BATCH_RECORDS", 100)
    monkeypatch.setattr("ingest.kafka.reader.CHUNK_RECORDS", 100)
    events.create("clicks")
    events.produce("clicks", map(click, range(500)))
    name = str(psycopg.conninfo.conninfo_to_dict(events.warehouse)["dbname"])
    real = store.Store.add
    calls: list[int] = []

    def cut_off(self: Any, *args: Any) -> Tally:
        calls.append(1)
        if len(calls) == 3:
            with psycopg.connect(events.warehouse, autocommit=True) as other:
                _cut_off(other, name)
        return real(self, *args)

    with monkeypatch.context() as patched:
        patched.setattr(store.Store, "add", cut_off)
        with pytest.raises(UserError) as failed:
            events.load("clicks")
    assert str(failed.value) == (
        "the warehouse failed: terminating connection due to administrator command;"
        " what was stored is safe, load again to go on"
    )
    rest = 500 - int(events.value("select count(*) from raw_events.clicks"))
    assert 0 < rest < 500
    assert events.load("clicks").accepted == rest
    events.assert_exactly_once()


def test_a_broker_that_is_down_is_named(events: EventLane, broker: EmbeddedBroker) -> None:
    broker.down()
    with pytest.raises(UserError, match=rf"Kafka at {events.bootstrap_servers} does not answer"):
        events.load()


def test_a_warehouse_that_is_down_is_named(events: EventLane, free_port: Callable[[], int]) -> None:
    events.warehouse = make_conninfo(events.warehouse, port=free_port())
    with pytest.raises(UserError, match=r"cannot connect to 127\.0\.0\.1:"):
        events.load()


def test_a_broker_that_goes_ends_a_bounded_load(
    events: EventLane, broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.kafka.reader.ANSWER_SECONDS", 1.0)
    events.create("clicks")
    real = Reader.assign

    def gone(self: Reader, *args: Any) -> None:
        broker.down()
        real(self, *args)

    monkeypatch.setattr(Reader, "assign", gone)
    with pytest.raises(UserError, match=r"^Kafka does not answer: .*; what was stored is safe"):
        events.load()


def test_a_fault_that_comes_back_at_once_ends_a_bounded_load(
    events: EventLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """... instead of being tried for ever."""
    events.create("clicks")
    events.produce("clicks", [click(1)])
    real = Reader._add

    def broken(self: Reader, batch: Batch, messages: Iterable[Any]) -> None:
        ends = [m for m in messages if m.error() and m.partition() > 0]
        real(self, batch, ends)
        self._doubt = "bad message"

    with monkeypatch.context() as patched:
        patched.setattr(Reader, "_add", broken)
        with pytest.raises(UserError, match=r"^Kafka failed: bad message; what was stored is safe"):
            events.load("clicks")
    assert events.load("clicks").accepted == 1


def test_following_outlives_the_broker_and_does_not_take_new_topics_for_old_ones(
    events: EventLane, broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The embedded broker forgets: what it has after a restart begins at offset 0 again."""
    monkeypatch.setattr("ingest.kafka.reader.ANSWER_SECONDS", 1.0)
    events.create("clicks")
    events.produce("clicks", map(click, range(10)))
    with following(events, "clicks", from_earliest=True) as follower:
        follower.wait_for_rows("clicks", 10)
        broker.down()
        follower.wait_until(lambda: len(events.said) == 1)
        broker.up()
        events.create("clicks")
        events.produce("clicks", map(click, range(10, 30)))
        follower.wait_for_rows("clicks", 30)
    assert events.said[0].startswith("Kafka does not answer: ")
    assert events.said[-1] == "going on"
    losses = [line for line in events.said if line.startswith("records may be lost")]
    assert losses == [
        "records may be lost, the topic was deleted and made anew: clicks partition 0 expected"
        " offset 10, the earliest there is 0; going on from there"
    ]
    assert events.read("select count(distinct payload ->> 'event_id') from raw_events.clicks") == [
        (30,)
    ]


def test_a_topic_made_anew_needs_a_decision(events: EventLane, broker: EmbeddedBroker) -> None:
    events.create("clicks")
    events.produce("clicks", map(click, range(10)))
    events.load("clicks")
    broker.down()
    broker.up()
    events.create("clicks")
    events.produce("clicks", map(click, range(10, 35)))
    for _ in range(2):
        with pytest.raises(UserError) as failed:
            events.load("clicks")
        assert str(failed.value) == (
            "records may be lost, the topic was deleted and made anew: clicks partition 0 expected"
            " offset 10, the earliest there is 0. `coursehouse load events --from-earliest` goes"
            " on with what there is"
        )
    assert events.load("clicks", from_earliest=True).accepted == 25
    assert events.load("clicks").total == 0
    # offsets began at 0 again, identities did not
    identities = "select min(source_offset), count(distinct source_offset) from raw_events.clicks"
    assert events.read(identities) == [(0, 35)]


def test_the_embedded_broker_begins_anew_without_being_asked(
    events: EventLane, broker: EmbeddedBroker
) -> None:
    """It keeps nothing when it stops: `down` has said so."""
    own = {"kafka_bootstrap_servers": None, "home": broker.home, "kafka_port": broker.port}
    settings = events.settings().model_copy(update=own)
    said: list[str] = []
    for life in range(3):
        events.create("clicks")
        events.produce("clicks", map(click, range(10 * life, 10 * life + 10)))
        assert load.load_events(settings, said.append, ["clicks"]).accepted == 10
        assert load.load_events(settings, said.append, ["clicks"]).total == 0
        broker.down()
        broker.up()
    assert said == []
    assert [offset for _, _, offset in events.stored()] == list(range(30))


@pytest.fixture
def short_memory() -> Iterator[tuple[Producer, str]]:
    """librdkafka's mock cluster: it keeps the last 5 MiB of a partition, as retention would."""
    producer = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "x:1", "log_level": 0})
    yield (
        producer,
        ",".join(map(str, producer.list_topics(timeout=10).brokers.values())).split("/")[0],
    )


def test_what_retention_took_before_it_was_read_needs_a_decision(
    events: EventLane, short_memory: tuple[Producer, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, events.bootstrap_servers = short_memory
    # the mock knows no ids of topics and would keep us waiting for them
    monkeypatch.setattr(Reader, "_topic_ids", lambda self, names: {})
    for partition in range(2):
        events.produce("clicks", map(click, range(10)), partition=partition)
    assert events.load("clicks").accepted == 20
    events.produce("clicks", (click(i, page="x" * 1000) for i in range(10_000)))
    events.produce("clicks", [click(11)], partition=1)
    with pytest.raises(UserError) as failed:
        events.load("clicks")
    prefix = (
        "records may be lost, Kafka no longer has them: clicks partition 0 expected offset 10,"
        " the earliest there is "
    )
    assert str(failed.value).startswith(prefix)
    earliest = int(str(failed.value).removeprefix(prefix).split(".")[0])
    assert 10 < earliest < 10_010
    tally = events.load("clicks", from_earliest=True)
    assert events.said == [f"{prefix}{earliest}; going on from there"]
    kept = {i for i in events.produced if i[1] == 1 or i[2] < 10 or i[2] >= earliest}
    assert events.stored() == sorted(kept)
    assert tally.total in (len(kept) - 20, len(kept) - 21)  # the other partition may be done
    assert events.positions()["clicks", 0] == 10_010
    assert events.load("clicks").total == 0


def _cut_off(conn: psycopg.Connection, name: str) -> None:
    conn.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = %s and usename = current_user and pid <> pg_backend_pid()",
        [name],
    )
