"""A broker and a warehouse for tests, what was produced, and the loader between the two."""

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psycopg
from addresses import warehouse_variables
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from psycopg.conninfo import conninfo_to_dict
from typer.testing import CliRunner, Result

from ingest.cli import app
from ingest.events.topics import logs
from ingest.kafka.load import load_events
from ingest.kafka.summary import Tally
from ingest.settings import Settings

Identity = tuple[str, int, int]  # topic, partition, offset


@dataclass
class EventLane:
    """One cluster, one warehouse database and the loader between them."""

    bootstrap_servers: str
    warehouse: str
    home: Path
    said: list[str] = field(default_factory=list)
    produced: set[Identity] = field(default_factory=set)

    def settings(self, **changed: Any) -> Settings:
        parts = conninfo_to_dict(self.warehouse)
        values = {
            "home": self.home,
            "pg_host": parts["host"],
            "pg_port": parts["port"],
            "pg_user": parts["user"],
            "pg_password": parts["password"],
            "pg_dbname": parts["dbname"],
            "kafka_bootstrap_servers": self.bootstrap_servers,
        }
        return Settings.model_validate(values | changed)

    def load(self, *names: str, **options: Any) -> Tally:
        """Run the loader in this process for `names`, all topics without any."""
        self.said.clear()
        return load_events(self.settings(), self.said.append, list(names), **options)

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `coursehouse` with these arguments to its end."""
        return subprocess.run(
            [sys.executable, "-m", "ingest.cli", *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def invoke(self, *arguments: str, **settings: object) -> Result:
        """The same in this process, with more settings."""
        more = {f"COURSEHOUSE_{name.upper()}": str(value) for name, value in settings.items()}
        return CliRunner().invoke(app, arguments, env=self.environment() | more)

    def environment(self) -> dict[str, str]:
        """The variables that make a program use this lane."""
        return {
            **os.environ,
            "COURSEHOUSE_HOME": str(self.home),
            **warehouse_variables(self.warehouse),
            "COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
        }

    def create(self, *names: str, partitions: int = 3) -> None:
        """Create topics without waiting for whoever reads to see them."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap_servers})
        for future in admin.create_topics([NewTopic(n, partitions, 1) for n in names]).values():
            future.result()

    def produce(
        self, topic: str, values: Iterable[bytes | None], partition: int = 0, **more: Any
    ) -> None:
        """Send `values` and wait until the broker has them."""
        producer = Producer(
            {
                "bootstrap.servers": self.bootstrap_servers,
                "linger.ms": 5,
                "message.max.bytes": 4_000_000,
                "log_level": 0,
            }
        )
        for value in values:
            producer.produce(
                topic, value, partition=partition, on_delivery=self._note_delivery, **more
            )
            producer.poll(0)
        assert producer.flush(30) == 0

    def _note_delivery(self, error: Any, message: Any) -> None:
        assert error is None, error
        self.produced.add((message.topic(), message.partition(), message.offset()))

    def connect(self) -> psycopg.Connection:
        """A connection to the warehouse in autocommit mode."""
        return psycopg.connect(self.warehouse, autocommit=True)

    def read(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of `query` in the warehouse."""
        with self.connect() as conn:
            return conn.execute(query, parameters).fetchall()

    def value(self, query: str, *parameters: Any) -> Any:
        return self.read(query, *parameters)[0][0]

    def stored(self) -> list[Identity]:
        """Identity of every raw row and every dead letter, sorted."""
        parts = [
            f"select '{topic.topic}', source_partition, source_offset"
            f" from raw_events.{topic.table_name} where lane = 'kafka'"
            for topic in logs().values()
        ]
        parts.append("select topic, source_partition, source_offset from raw_events.dead_letter")
        return sorted(self.read(" union all ".join(parts)))

    def positions(self) -> dict[tuple[str, int], int]:
        rows = self.read("select topic, partition, next_offset from ops.kafka_position")
        return {(topic, partition): offset for topic, partition, offset in rows}

    def assert_exactly_once(self) -> None:
        """Everything that was produced is there, nothing twice, and positions stand behind it."""
        assert self.stored() == sorted(self.produced)
        ends: dict[tuple[str, int], int] = {}
        for topic, partition, offset in self.produced:
            ends[topic, partition] = max(ends.get((topic, partition), 0), offset + 1)
        positions = self.positions()
        assert {p: offset for p, offset in positions.items() if offset > 0} == ends


def click(number: int, **changed: Any) -> bytes:
    """A record that keeps the contract of `clicks`."""
    return orjson.dumps(
        {
            "event_id": f"click-{number}",
            "user_id": 1 + number % 50,
            "session_id": f"s{number % 50}",
            "product_id": f"p{number % 7}",
            "ts": "2025-10-01T10:00:00Z",
            "page": "/shop",
            "referrer": None,
        }
        | changed
    )


def cart(number: int, **changed: Any) -> bytes:
    """A record that keeps the contract of `cart`."""
    return orjson.dumps(
        {
            "event_id": f"cart-{number}",
            "user_id": 1 + number % 50,
            "session_id": f"s{number % 50}",
            "product_id": f"p{number % 7}",
            "quantity": 1,
            "ts": "2025-10-01T10:00:00Z",
        }
        | changed
    )
