"""Nothing that was acknowledged to Stripe is lost, whoever is killed; with and without Kafka."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest
from collector_process import CollectorProcess, environment_of, read
from event_lanes import EventLane
from real_kafka import RealKafka
from stripe_events import SECRET, body_of, deliver, snapshot

from ingest.events.topics import topics
from ingest.kafka.admin import apply_topics
from ingest.kafka.broker import EmbeddedBroker
from ingest.postgres import EmbeddedPostgres
from ingest.warehouse.bootstrap import bootstrap
from ingest.warehouse.manifest import PUBLISH_LOCK

SENDERS = 8
TOPIC = "stripe.events"


@dataclass
class Stripe:
    """Sends every event until it is acknowledged, and some of them once more."""

    collector: CollectorProcess
    acknowledged: list[str] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    is_over: threading.Event = field(default_factory=threading.Event)

    def send(self) -> None:
        number = 0
        while not self.is_over.is_set():
            number += 1
            event = snapshot()
            for _ in range(2 if number % 5 == 0 else 1):
                self._deliver(body_of(event))
            self.acknowledged.append(event["id"])

    def wait_for(self, more: int) -> None:
        """Until so many more events are acknowledged."""
        wanted = len(self.acknowledged) + more
        self.wait_until(lambda: len(self.acknowledged) >= wanted)

    def wait_for_refusals(self) -> None:
        """Until it is told to come again."""
        before = self.answers[503]
        self.wait_until(lambda: self.answers[503] > before)

    def wait_until(self, is_done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not is_done():
            assert time.monotonic() < deadline, f"{self.answers}: {self.collector.log}"
            time.sleep(0.02)

    def _deliver(self, body: bytes) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                status = deliver(self.collector, body).status_code
            except httpx.TransportError:
                status = 0
            self.answers[status] += 1
            if status == 202:
                return
            time.sleep(0.1)
        raise AssertionError(f"never acknowledged: {self.answers}")


@contextmanager
def sending(collector: CollectorProcess) -> Iterator[Stripe]:
    """Stripe, delivering as long as the block runs; after it everything is acknowledged."""
    stripe = Stripe(collector)
    threads = [threading.Thread(target=stripe.send) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    try:
        stripe.wait_for(100)
        yield stripe
        stripe.wait_for(100)
    finally:
        stripe.is_over.set()
        for thread in threads:
            thread.join(150)
    assert not any(thread.is_alive() for thread in threads)


def kept(dsn: str) -> list[str]:
    return sorted(event_id for (event_id,) in read(dsn, "select event_id from raw_stripe.events"))


def kill_and_start_again(stripe: Stripe, held: Callable[[], AbstractContextManager[None]]) -> None:
    """Twice, each time with deliveries that wait: nothing can be kept while it is `held`."""
    for _ in range(2):
        with held():
            time.sleep(0.5)
            stripe.collector.stop(signal.SIGKILL)
        stripe.collector.start()
        stripe.wait_for(100)


@contextmanager
def lock_held(dsn: str) -> Iterator[None]:
    """As by a load that takes long."""
    with psycopg.connect(dsn) as loading:
        loading.execute("select pg_advisory_xact_lock(hashtext(%s))", [PUBLISH_LOCK])
        yield


@contextmanager
def paused(broker: EmbeddedBroker) -> Iterator[None]:
    running = broker.find()
    assert running is not None
    os.kill(running.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(running.pid, signal.SIGCONT)


NewCollector = Callable[[dict[str, str]], CollectorProcess]


@pytest.fixture
def new_collector(free_port: Callable[[], int], tmp_path: Path) -> Iterator[NewCollector]:
    running: list[CollectorProcess] = []

    def start(environment: dict[str, str]) -> CollectorProcess:
        secrets = {"COURSEHOUSE_STRIPE_WEBHOOK_SECRETS": SECRET}
        running.append(CollectorProcess(free_port(), tmp_path, environment | secrets))
        return running[-1].start()

    yield start
    for one in running:
        one.stop(signal.SIGKILL)


def into_kafka(lane: EventLane) -> dict[str, str]:
    apply_topics(lane.settings(), list(topics().values()))
    return {
        "COURSEHOUSE_HOME": str(lane.home),
        "COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS": lane.bootstrap_servers,
        "COURSEHOUSE_COLLECT_ACK_TIMEOUT_SECONDS": "3",
    }


# ---------- Postgres


def test_nothing_is_lost_when_the_collector_is_killed(
    database: Callable[[], str], new_collector: NewCollector, tmp_path: Path
) -> None:
    dsn = database()
    with psycopg.connect(dsn) as conn:
        bootstrap(conn)
    with sending(new_collector(environment_of(dsn, tmp_path))) as stripe:
        kill_and_start_again(stripe, lambda: lock_held(dsn))
    assert kept(dsn) == sorted(stripe.acknowledged)
    assert stripe.answers.keys() == {0, 202}


def test_nothing_is_lost_when_postgres_is_stopped_at_once(
    free_port: Callable[[], int], new_collector: NewCollector, tmp_path: Path
) -> None:
    # not pytest's directory: the server may run under another account
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-tests-"))
    directory.chmod(0o755)
    server = EmbeddedPostgres(directory / "home", free_port())
    server.up()
    try:
        with psycopg.connect(server.dsn()) as conn:
            bootstrap(conn)
        options = {"ack_timeout_seconds": "3"}
        collector = new_collector(environment_of(server.dsn(), tmp_path, **options))
        with sending(collector) as stripe:
            for _ in range(2):
                lock = (server.data_directory / "postmaster.pid").read_text()
                os.kill(int(lock.split()[0]), signal.SIGQUIT)  # what pg_ctl calls immediate
                stripe.wait_for_refusals()
                server.up()
                stripe.wait_for(100)
        assert kept(server.dsn()) == sorted(stripe.acknowledged)
        assert stripe.answers.keys() == {202, 503}
    finally:
        server.down()
        shutil.rmtree(directory)


# ---------- Kafka


def test_nothing_is_lost_when_the_collector_is_killed_before_kafka(
    events: EventLane, broker: EmbeddedBroker, new_collector: NewCollector
) -> None:
    with sending(new_collector(into_kafka(events))) as stripe:
        kill_and_start_again(stripe, lambda: paused(broker))
    tally = events.load(TOPIC)
    assert kept(events.warehouse) == sorted(stripe.acknowledged)
    assert tally.accepted > len(stripe.acknowledged)  # copies passed through
    assert tally.rejected.total() == 0


def kept_so_far(events: EventLane) -> list[str]:
    with events.connect() as conn:
        found = conn.execute("select to_regclass('raw_stripe.events')").fetchone()
    return [] if found == (None,) else kept(events.warehouse)


def load_until_some_are_kept(events: EventLane, stripe: Stripe) -> None:
    follow = [sys.executable, "-m", "ingest.cli", "load", "events", "--follow", "--topics", TOPIC]
    before = len(kept_so_far(events))
    loader = subprocess.Popen(follow, env=events.environment(), stdout=subprocess.DEVNULL)
    try:
        stripe.wait_until(lambda: len(kept_so_far(events)) > before)
    finally:
        loader.kill()
        loader.wait(60)


def test_nothing_is_lost_while_a_load_goes_on_and_is_killed(
    events: EventLane, new_collector: NewCollector
) -> None:
    with sending(new_collector(into_kafka(events))) as stripe:
        for _ in range(2):
            load_until_some_are_kept(events, stripe)
    events.load(TOPIC)
    assert kept(events.warehouse) == sorted(stripe.acknowledged)


def test_nothing_is_lost_when_a_broker_pauses(
    events: EventLane, broker: EmbeddedBroker, new_collector: NewCollector
) -> None:
    with sending(new_collector(into_kafka(events))) as stripe, paused(broker):
        stripe.wait_for_refusals()
    events.load(TOPIC)
    assert kept(events.warehouse) == sorted(stripe.acknowledged)
    assert stripe.answers.keys() == {202, 503}


def test_nothing_is_lost_when_a_broker_is_killed(
    own_real_kafka: RealKafka,
    database: Callable[[], str],
    new_collector: NewCollector,
    tmp_path: Path,
) -> None:
    lane = EventLane(f"127.0.0.1:{own_real_kafka.port}", database(), tmp_path)
    with sending(new_collector(into_kafka(lane))) as stripe:
        own_real_kafka.kill()
        stripe.wait_for_refusals()
        own_real_kafka.start()
    lane.load(TOPIC)
    assert kept(lane.warehouse) == sorted(stripe.acknowledged)
    assert stripe.answers.keys() == {202, 503}
