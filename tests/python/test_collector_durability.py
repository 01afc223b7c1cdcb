"""What was acknowledged is kept: kills, stops, pauses and outages, with Kafka and with Postgres."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import plain_http
import psycopg
import pytest
from collector_process import CollectorProcess, environment_of, page_view, read
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from ingest.events.contracts import contract_of
from ingest.events.topics import topics
from ingest.kafka.broker import EmbeddedBroker
from ingest.postgres import EmbeddedPostgres
from ingest.warehouse.bootstrap import bootstrap
from ingest.warehouse.manifest import PUBLISH_LOCK

CLIENTS = 16
IDLE_SECONDS = 2.0


@dataclass
class House:
    """A collector and the means to read what it kept."""

    collector: CollectorProcess
    kept_ids: Callable[[], list[str]]
    broker: EmbeddedBroker | None = None


def create_topics(broker: EmbeddedBroker) -> None:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers})
    wanted = [NewTopic(topic.topic, topic.partitions, 1) for topic in topics().values()]
    for future in admin.create_topics(wanted).values():
        future.result(20)


def consume(broker: EmbeddedBroker, topic: str) -> list[tuple[bytes | None, bytes]]:
    """Keys and values of every record of a topic."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap_servers, "group.id": "reader"})
    consumer.assign([TopicPartition(topic, p, 0) for p in range(topics()[topic].partitions)])
    found: list[tuple[bytes | None, bytes]] = []
    last = time.monotonic()
    while time.monotonic() - last < IDLE_SECONDS:
        for message in consumer.consume(5000, timeout=0.2):
            if not message.error():
                found.append((message.key(), message.value() or b""))
                last = time.monotonic()
    consumer.close()
    return found


@pytest.fixture
def with_kafka(
    broker: EmbeddedBroker, free_port: Callable[[], int], tmp_path: Path
) -> Iterator[House]:
    create_topics(broker)
    environment = {
        "COURSEHOUSE_HOME": str(tmp_path),
        "COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
        "COURSEHOUSE_COLLECT_RATE": "1000000",
        "COURSEHOUSE_COLLECT_ACK_TIMEOUT_SECONDS": "3",
    }
    collector = CollectorProcess(free_port(), tmp_path, environment)

    def kept_ids() -> list[str]:
        return [json.loads(value)["event_id"] for _, value in consume(broker, "clickstream")]

    collector.start()
    yield House(collector, kept_ids, broker)
    collector.stop(signal.SIGKILL)


@pytest.fixture
def with_postgres(
    database: Callable[[], str], free_port: Callable[[], int], tmp_path: Path
) -> Iterator[House]:
    dsn = database()
    with psycopg.connect(dsn) as conn:
        bootstrap(conn)
    options = {"rate": "1000000", "ack_timeout_seconds": "3"}
    collector = CollectorProcess(free_port(), tmp_path, environment_of(dsn, tmp_path, **options))

    def kept_ids() -> list[str]:
        rows = read(dsn, "select payload->>'event_id' from raw_events.clickstream")
        return [id_ for (id_,) in rows]

    collector.start()
    yield House(collector, kept_ids)
    collector.stop(signal.SIGKILL)


@pytest.fixture(params=["with_kafka", "with_postgres"])
def house(request: pytest.FixtureRequest) -> House:
    found: House = request.getfixturevalue(request.param)
    return found


@dataclass
class Crowd:
    """Clients that send as fast as they are answered, until nobody answers any more."""

    collector: CollectorProcess
    acknowledged: list[str] = field(default_factory=list)
    others: list[int] = field(default_factory=list)

    async def _send(self) -> None:
        headers = {"authorization": f"Bearer {self.collector.key}"}
        async with httpx.AsyncClient(
            verify=plain_http.NO_TLS, headers=headers, timeout=30
        ) as client:
            with contextlib.suppress(httpx.TransportError):
                while True:
                    record = page_view()
                    answer = await client.post(f"{self.collector.url}/v1/track", json=record)
                    if answer.status_code == 202:
                        self.acknowledged.append(record["event_id"])
                    else:
                        self.others.append(answer.status_code)

    async def _send_all(self) -> None:
        await asyncio.gather(*(self._send() for _ in range(CLIENTS)))

    def interrupted_by(self, action: Callable[[], object], after: int) -> None:
        """Send, and run `action` once `after` records have been acknowledged."""
        thread = threading.Thread(target=lambda: asyncio.run(self._send_all()))
        thread.start()
        deadline = time.monotonic() + 60
        while len(self.acknowledged) < after and time.monotonic() < deadline:
            time.sleep(0.01)
        action()
        thread.join(60)
        assert len(self.acknowledged) >= after
        assert not thread.is_alive()


# ---------- kills and stops


def test_nothing_acknowledged_is_lost_when_the_collector_is_killed(house: House) -> None:
    crowd = Crowd(house.collector)
    crowd.interrupted_by(lambda: house.collector.stop(signal.SIGKILL), after=800)
    assert set(crowd.acknowledged) - set(house.kept_ids()) == set()
    assert crowd.others == []


def test_a_new_collector_goes_on_counting_where_the_killed_one_was(with_postgres: House) -> None:
    collector = with_postgres.collector
    crowd = Crowd(collector)
    crowd.interrupted_by(lambda: collector.stop(signal.SIGKILL), after=100)
    collector.start()
    assert collector.track(page_view()).status_code == 202
    dsn = _dsn(collector)
    query = (
        "select count(*), count(distinct source_offset), max(source_offset) + 1"
        " from raw_events.clickstream"
    )
    ((rows, numbers, following),) = read(dsn, query)
    assert rows == numbers == following
    assert read(dsn, "select next_offset from ops.http_position") == [(following,)]


def test_a_stop_under_load_answers_what_was_begun_and_loses_nothing(house: House) -> None:
    collector = house.collector
    crowd = Crowd(collector)
    codes: list[int] = []
    crowd.interrupted_by(lambda: codes.append(collector.stop(signal.SIGTERM)), after=400)
    assert codes == [0]
    assert crowd.others == []
    assert set(crowd.acknowledged) - set(house.kept_ids()) == set()


def test_a_request_that_had_begun_is_answered_after_the_stop_signal(house: House) -> None:
    collector = house.collector
    record = page_view()
    body = json.dumps(record).encode()
    head = (
        f"POST /v1/track HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        f"x-write-key: {collector.key}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    assert collector.process is not None
    with socket.create_connection(("127.0.0.1", collector.port)) as link:
        link.sendall(head.encode() + body[:10])
        time.sleep(0.3)
        collector.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        with pytest.raises(httpx.TransportError):
            plain_http.get(f"{collector.url}/healthz")
        link.sendall(body[10:])
        assert link.recv(65_536).startswith(b"HTTP/1.1 202 ")
    assert collector.process.wait(30) == 0
    assert house.kept_ids() == [record["event_id"]]


# ---------- Kafka


def test_records_reach_kafka_with_the_person_as_key_and_rejected_ones_for_the_loader(
    with_kafka: House,
) -> None:
    broker = with_kafka.broker
    assert broker is not None
    good, bad = page_view(student_id="app-1"), page_view(student_id=["app-2"])
    answer = with_kafka.collector.track(good, bad)
    assert answer.status_code == 422
    assert [one["index"] for one in answer.json()["rejected"]] == [1]
    records = consume(broker, "clickstream")
    assert sorted(key or b"" for key, _ in records) == [b"", b"app-1"]
    contract = contract_of("clickstream")
    told_apart = {json.loads(value)["event_id"]: contract.check(value) for _, value in records}
    assert told_apart[good["event_id"]] is None
    refused = told_apart[bad["event_id"]]
    assert refused is not None and refused.reason == answer.json()["rejected"][0]["reason"]


def test_a_megabyte_reaches_kafka(with_kafka: House) -> None:
    record = page_view(metadata={"x": ""})
    record["metadata"]["x"] = "y" * (1_000_000 - len(json.dumps(record)))
    assert with_kafka.collector.post("/v1/track", json.dumps(record).encode()).status_code == 202
    assert with_kafka.kept_ids() == [record["event_id"]]


def test_a_broker_that_pauses_pushes_back_and_all_is_well_again_when_it_goes_on(
    with_kafka: House,
) -> None:
    collector, broker = with_kafka.collector, with_kafka.broker
    assert broker is not None
    running = broker.find()
    assert running is not None
    collector.stop()
    collector.options["COURSEHOUSE_COLLECT_BACKLOG_BYTES"] = "2000000"
    collector.start()
    assert collector.track(page_view()).status_code == 202

    def send(_: int) -> httpx.Response:
        return collector.track(page_view(metadata={"x": "y" * 200_000}))

    os.kill(running.pid, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(send, range(20)))
        with collector.client() as client:
            health = client.get("/healthz")
    finally:
        os.kill(running.pid, signal.SIGCONT)
    assert {answer.status_code for answer in answers} == {503}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
    details = {answer.json()["detail"] for answer in answers}
    assert "too much is waiting to be stored" in details  # at once, not after the timeout
    assert len(details) == 2
    assert health.status_code == 503
    _wait_for(collector, 202)
    time.sleep(1.1)  # the last answer about health is that old
    with collector.client() as client:
        assert client.get("/healthz").status_code == 200
        assert "coursehouse_collector_backlog_bytes 0.0" in client.get("/metrics").text


def test_a_broker_that_comes_back_with_nothing_is_used_again(with_kafka: House) -> None:
    collector, broker = with_kafka.collector, with_kafka.broker
    assert broker is not None
    assert collector.track(page_view()).status_code == 202
    broker.down()
    assert collector.track(page_view()).status_code == 503
    broker.up()
    create_topics(broker)
    _wait_for(collector, 202)


# ---------- Postgres


def test_a_long_load_makes_senders_wait_and_then_come_again(with_postgres: House) -> None:
    collector = with_postgres.collector
    dsn = _dsn(collector)
    with psycopg.connect(dsn) as loading:
        loading.execute("select pg_advisory_xact_lock(hashtext(%s))", [PUBLISH_LOCK])
        answer = collector.track(page_view())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    _wait_for(collector, 202)


def test_a_request_postgres_cannot_take_does_not_fail_its_neighbours(with_postgres: House) -> None:
    collector = with_postgres.collector
    dsn = _dsn(collector)
    with psycopg.connect(dsn) as conn:
        conn.execute(
            "alter table raw_events.clickstream"
            " add constraint no_poison check (payload->>'page_url' <> '/poison')"
        )
    records = [page_view(page_url="/poison" if i == 7 else f"/{i}") for i in range(16)]
    with psycopg.connect(dsn) as loading:  # so that all of them end up in one group
        loading.execute("select pg_advisory_xact_lock(hashtext(%s))", [PUBLISH_LOCK])
        with ThreadPoolExecutor(16) as pool:
            answers = [pool.submit(collector.track, record) for record in records]
            time.sleep(1)
            loading.rollback()
            codes = [answer.result().status_code for answer in answers]
    assert codes == [500 if i == 7 else 202 for i in range(16)]
    wanted = {record["event_id"] for i, record in enumerate(records) if i != 7}
    assert sorted(with_postgres.kept_ids()) == sorted(wanted)
    assert "/poison" not in collector.log


def test_a_database_that_goes_away_is_used_again_when_it_is_back(
    free_port: Callable[[], int], tmp_path: Path
) -> None:
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-tests-"))
    directory.chmod(0o755)
    server = EmbeddedPostgres(directory / "home", free_port())
    server.up()
    collector = None
    try:
        with psycopg.connect(server.dsn()) as conn:
            bootstrap(conn)
        collector = CollectorProcess(free_port(), tmp_path, environment_of(server.dsn(), tmp_path))
        collector.start()
        assert collector.track(page_view()).status_code == 202
        server.down()
        assert collector.track(page_view()).status_code == 503
        with collector.client() as client:
            time.sleep(1.1)
            health = client.get("/healthz")
        assert health.status_code == 503
        assert str(server.port) not in health.text
        server.up()
        _wait_for(collector, 202)
    finally:
        if collector is not None:
            collector.stop()
        server.down()
        shutil.rmtree(directory)


def _wait_for(collector: CollectorProcess, status: int) -> None:
    deadline = time.monotonic() + 60
    while (found := collector.track(page_view()).status_code) != status:
        assert time.monotonic() < deadline, f"{found}: {collector.log}"
        time.sleep(0.2)


def _dsn(collector: CollectorProcess) -> str:
    value = {name.rpartition("_")[2]: text for name, text in collector.environment.items()}
    return (
        f"postgresql://{value['USER']}:{value['PASSWORD']}@{value['HOST']}:{value['PORT']}"
        f"/{value['DBNAME']}"
    )
