"""Apache Kafka, Kafka Connect and Debezium on a real Moodle database: nothing is imitated here."""

import gzip
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from confluent_kafka import OFFSET_BEGINNING, KafkaError, TopicPartition
from mariadb_server import CLIENT, DUMP, running
from moodle_sites import SPEC, Lane
from real_connect import RealConnect, drop_slot, psycopg_parts
from typer.testing import CliRunner

from ingest.cli import app
from ingest.connect.declared import declared
from ingest.kafka.client import admin, consumer
from ingest.kafka.feeds import changes
from ingest.kafka.load import load_events
from ingest.moodle.changes import TOPIC
from ingest.postgres import EmbeddedPostgres
from ingest.sample import SAMPLE_DUMP, restore

PATIENCE_SECONDS = 240
CAPTURED = [name for name, table in SPEC.items() if table.only is None]


@dataclass
class Capture:
    """A Moodle whose changes are captured, and a warehouse that is filled by nothing else."""

    connector: str
    run: Callable[..., None]
    connect: RealConnect
    lane: Lane

    def command(self, *arguments: str) -> tuple[int, str]:
        environment = {"COURSEHOUSE_CONNECT_URL": self.connect.url}
        done = CliRunner().invoke(app, ["connect", *arguments], env=environment)
        return done.exit_code, done.output + str(done.exception or "")

    def load(self) -> None:
        settings = self.lane.settings(
            kafka_bootstrap_servers=self.connect.kafka.settings.kafka_bootstrap_servers
        )
        load_events(settings, print, feed=changes("mdl_"))

    def load_until(self, is_there: Callable[[], bool]) -> None:
        """Load again and again until that is so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if "FAILED" in self.connect.states(self.connector):
                break
            if self.is_topic_there():
                self.load()
                if is_there():
                    return
            time.sleep(1)
        raise AssertionError(self.connect.log.read_text()[-5000:])

    def load_until_found(self, query: str, expected: Any) -> None:
        self.load_until(lambda: self.lane.read(query) == [(expected,)])

    def values(self) -> Iterator[bytes]:
        """Every record of the topic, from its beginning."""
        kafka = consumer(self.connect.kafka.settings, **{"enable.partition.eof": True})
        open_ends = set(kafka.list_topics(TOPIC).topics[TOPIC].partitions)
        kafka.assign([TopicPartition(TOPIC, number, OFFSET_BEGINNING) for number in open_ends])
        while open_ends:
            for message in kafka.consume(1000, 1):
                if (error := message.error()) is None:
                    yield message.value() or b""
                else:
                    assert error.code() == KafkaError._PARTITION_EOF
                    open_ends.discard(message.partition())
        kafka.close()

    def is_topic_there(self) -> bool:
        """Kafka Connect makes it with the first record."""
        return TOPIC in admin(self.connect.kafka.settings).list_topics(timeout=10).topics


@pytest.fixture
def postgres_site(logical_postgres: EmbeddedPostgres) -> Iterator[tuple[dict[str, str], Any]]:
    """Variables of the connector, and a function that runs statements in the sample site."""
    logical_postgres.create_database("moodle")
    dsn = logical_postgres.dsn("moodle")
    with psycopg.connect(dsn) as conn:
        restore(SAMPLE_DUMP, conn)
    parts = psycopg_parts(dsn)

    def run(*statements: str) -> None:
        with psycopg.connect(dsn) as conn:
            for statement in statements:
                conn.execute(statement.encode())

    variables = {n: parts[n] for n in ("host", "port", "user", "password", "dbname")}
    yield variables, run
    drop_slot(logical_postgres, "coursehouse")


@pytest.fixture
def mariadb_site(free_port: Callable[[], int]) -> Iterator[tuple[dict[str, str], Any]]:
    """The same on a MariaDB that writes its log by rows."""
    with running(
        free_port,
        "--log-bin=log",
        "--binlog-format=ROW",
        "--binlog-row-image=FULL",
        "--server-id=7",
    ) as server:
        with gzip.open(DUMP) as dump:
            subprocess.run(
                [str(CLIENT), "--no-defaults", "-uroot", f"-S{server.socket}", "moodle"],
                input=dump.read(), check=True,
            )  # fmt: skip
        server.run(
            "create user debezium@'127.0.0.1' identified by 'dbz-1'",
            "grant select, reload, show databases, replication slave, replication client,"
            " binlog monitor on *.* to debezium@'127.0.0.1'",
        )
        variables = {"host": "127.0.0.1", "port": str(server.port), "user": "debezium"}
        variables |= {"password": "dbz-1", "dbname": "moodle", "server_id": "184054"}
        yield variables, lambda *statements: server.run(*statements, database="moodle")


@pytest.fixture(
    params=[pytest.param("moodle-postgres", marks=pytest.mark.thorough), "moodle-mariadb"]
)
def capture(
    request: pytest.FixtureRequest,
    new_connect: Callable[[dict[str, str]], RealConnect],
    database: Callable[[], str],
    tmp_path: Path,
) -> Iterator[Capture]:
    engine = request.param.removeprefix("moodle-")
    variables, run = request.getfixturevalue(f"{engine}_site")
    given = {f"COURSEHOUSE_CONNECT_MOODLE_{n.upper()}": v for n, v in variables.items()}
    kafka = request.getfixturevalue("real_kafka")
    servers = {"COURSEHOUSE_CONNECT_KAFKA_SERVERS": f"127.0.0.1:{kafka.port}"}
    connect = new_connect(given | servers)
    found = Capture(request.param, run, connect, Lane("", database(), tmp_path))
    yield found
    found.command("delete", request.param)
    time.sleep(2)  # its last records may be on their way
    if found.is_topic_there():
        client = admin(kafka.settings)
        for future in client.delete_topics([TOPIC]).values():
            future.result(60)


def test_the_sample_site_and_its_changes_arrive_as_a_load_would_have_left_them(
    capture: Capture, sample_lane: Lane
) -> None:
    assert capture.command("apply", capture.connector) == (0, f"{capture.connector}: created\n")
    assert capture.command("apply", capture.connector) == (0, f"{capture.connector}: unchanged\n")

    # the snapshot: everything, without a load
    expected = _sizes(sample_lane)
    capture.load_until(lambda: _sizes(capture.lane) == expected)
    different = [
        name for name in expected if _values(capture.lane, name) != _values(sample_lane, name)
    ]
    assert different == []

    # what changes: an update that leaves a long text alone, an insert, deletions
    section = sample_lane.value("select min(id) from mdl_course_sections")
    long = random.Random(7).randbytes(20_000).hex()  # noqa: S311 - hard to compress: kept apart
    capture.run(
        f"update mdl_course_sections set availability = '{long}' where id = {section}",
        "update mdl_course set fullname = 'Renamed' where id = 2",
        "insert into mdl_course_categories (id, name, timemodified) values (9000, 'New', 1)",
    )
    capture.run(f"update mdl_course_sections set name = 'Named' where id = {section}")
    capture.run("delete from mdl_course_categories where id = 9000")
    capture.run("delete from mdl_user_enrolments where id <= 3")
    gone = "select count(*) from mdl_user_enrolments where _deleted_at is not null"
    capture.load_until_found(gone, 3)
    capture.load_until_found("select fullname from mdl_course where id = 2", "Renamed")
    name = f"select name from mdl_course_sections where id = {section}"
    capture.load_until_found(name, "Named")
    texts = f"select availability from mdl_course_sections where id = {section}"
    assert capture.lane.value(texts) == long
    category = "select _deleted_at is not null from mdl_course_categories where id = 9000"
    capture.load_until_found(category, True)

    # nothing that must not be read has left the database
    told = b"\n".join(capture.values())
    assert b'"username":' in told
    assert b'"password":' not in told and b"$2y$" not in told

    # away for a while, it goes on where it was
    status, said = capture.command("status")
    assert (status, "1 of 1 run" in said) == (0, True), said
    assert capture.command("delete", capture.connector)[0] == 0
    assert capture.connector in declared("mdl_")
    before = capture.lane.read("select count(*) from mdl_course_categories")
    capture.run("insert into mdl_course_categories (id, name) values (9001, 'Meanwhile')")
    assert capture.command("apply", capture.connector)[1].endswith("created\n")
    capture.load_until_found("select name from mdl_course_categories where id = 9001", "Meanwhile")
    assert capture.lane.read("select count(*) from mdl_course_categories") == [(before[0][0] + 1,)]


def _sizes(lane: Lane) -> dict[str, int]:
    """Rows of the captured tables that have any."""
    known = [name for (name,) in lane.read("select relname from pg_class where relkind = 'r'")]
    found = {
        name: lane.value(f"select count(*) from raw_moodle.mdl_{name}")
        for name in CAPTURED
        if f"mdl_{name}" in known
    }
    return {name: rows for name, rows in found.items() if rows}


def _values(lane: Lane, name: str) -> list[tuple[Any, ...]]:
    columns = ", ".join(f"{column}::text" for column in SPEC[name].columns)
    return lane.read(f"select {columns} from raw_moodle.mdl_{name} order by id")
