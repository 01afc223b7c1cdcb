"""Kafka Connect with Debezium, beside Apache Kafka itself, and databases whose log it may read."""

import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from real_kafka import JAVA, RealKafka, fetched_libraries

from ingest.postgres import EmbeddedPostgres
from ingest.settings import PROJECT_DIR

POM = PROJECT_DIR / "tests/kafka/connect-pom.xml"
START_SECONDS = 120


@dataclass(frozen=True)
class RealConnect:
    """A worker that answers. `variables` are what its connectors may refer to as `${env:...}`."""

    url: str
    kafka: RealKafka
    log: Path

    def states(self, connector: str) -> list[str]:
        """Of the connector and its tasks; none before the worker has begun with it."""
        try:
            with urllib.request.urlopen(f"{self.url}/connectors/{connector}/status") as answer:  # noqa: S310
                status = json.load(answer)
        except urllib.error.HTTPError:
            return []
        return [status["connector"]["state"], *(task["state"] for task in status["tasks"])]


@pytest.fixture(scope="session")
def new_connect(
    real_kafka: RealKafka, free_port: Callable[[], int]
) -> Iterator[Callable[[dict[str, str]], RealConnect]]:
    """Starts a worker with these variables at every call; all end at the end."""
    libraries = fetched_libraries(POM)
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-connect-"))
    workers: list[subprocess.Popen[bytes]] = []

    def start(variables: dict[str, str]) -> RealConnect:
        number, port = len(workers), free_port()
        properties = directory / f"worker-{number}.properties"
        properties.write_text(_properties(real_kafka, port, number))
        connect = RealConnect(
            f"http://127.0.0.1:{port}", real_kafka, directory / f"worker-{number}.log"
        )
        with connect.log.open("wb") as log:
            workers.append(
                subprocess.Popen(
                    [str(JAVA), "-Xmx384m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                     "-cp", f"{libraries}/*", "org.apache.kafka.connect.cli.ConnectDistributed",
                     str(properties)],
                    cwd=directory, env=os.environ | variables, stdout=log, stderr=log,
                )
            )  # fmt: skip
        _wait_for(connect, workers[-1])
        return connect

    yield start
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.wait(60)
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def logical_postgres(free_port: Callable[[], int]) -> Iterator[EmbeddedPostgres]:
    """A Postgres that logs enough for others to follow its changes."""
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-logical-"))
    directory.chmod(0o755)
    server = EmbeddedPostgres(directory / "home", free_port())
    server.up()
    with server._admin() as admin:
        admin.execute("alter system set wal_level = logical")
        admin.execute("alter system set max_wal_senders = 4")
        admin.execute("alter system set max_replication_slots = 4")
        admin.execute("alter role coursehouse replication")
    server.down()
    server.up()
    yield server
    server.down()
    shutil.rmtree(directory)


def drop_slot(server: EmbeddedPostgres, name: str) -> None:
    """A slot nobody reads keeps the server's log for ever."""
    with server._admin() as admin:
        admin.execute(
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots"
            " where slot_name = %s and not active",
            [name],
        )


def psycopg_parts(dsn: str) -> dict[str, str]:
    """Host, port, user, password and database of an address."""
    parts = psycopg.conninfo.conninfo_to_dict(dsn)
    return {name: str(value) for name, value in parts.items()}


def _properties(kafka: RealKafka, port: int, number: int) -> str:
    values = {
        "bootstrap.servers": f"127.0.0.1:{kafka.port}",
        "listeners": f"http://127.0.0.1:{port}",
        "group.id": f"coursehouse-connect-{number}",
        "key.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "config.storage.topic": f"connect-configs-{number}",
        "offset.storage.topic": f"connect-offsets-{number}",
        "status.storage.topic": f"connect-status-{number}",
        "config.storage.replication.factor": 1,
        "offset.storage.replication.factor": 1,
        "status.storage.replication.factor": 1,
        "offset.storage.partitions": 1,
        "status.storage.partitions": 1,
        "offset.flush.interval.ms": 1000,
        "config.providers": "env",
        "config.providers.env.class": (
            "org.apache.kafka.common.config.provider.EnvVarConfigProvider"
        ),
        "config.providers.env.param.allowlist.pattern": "COURSEHOUSE_CONNECT_.*",
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _wait_for(connect: RealConnect, worker: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and worker.poll() is None:
        try:
            with urllib.request.urlopen(f"{connect.url}/connectors", timeout=5):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise AssertionError(f"Kafka Connect did not start: {connect.log.read_text()[-3000:]}")
