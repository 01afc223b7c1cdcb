"""How fast is the event lane, measured against what Postgres can do in the same run?

    python bench/events.py load [--events 10000000]
    python bench/events.py simulate [--events 1000000]

`load`: Kafka to raw tables. The embedded broker is filled with events of about 400 bytes. Then,
with everything on the same disk:

- the limit: binary COPY of as many such rows, ready in memory, into a table like the raw one, in
  transactions as large as the loader's; half before and half after the load, because machines
  drift; the mean counts
- the load: a whole `coursehouse load events` process, start-up included

Target: at least 0.4 of the limit's rows/s.

`simulate`: a whole `coursehouse simulate --to kafka` process, until the embedded broker has
acknowledged every record. Target: a million events in 30 s.
"""

import argparse
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

import orjson
import psycopg
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from ingest.kafka.broker import EmbeddedBroker
from ingest.kafka.reader import BATCH_RECORDS
from ingest.postgres import EmbeddedPostgres
from ingest.processes import free_port
from ingest.warehouse.bootstrap import bootstrap

TOPIC = "user.events"
TABLE = "raw_events.user_events"
PARTITIONS = 6
LIMIT_EVENTS = 200_000  # different rows of the limit; they are held in memory


@dataclass
class Bench:
    """A server, a broker and a directory of their own."""

    server: EmbeddedPostgres
    broker: EmbeddedBroker
    directory: Path

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.server.dsn("warehouse"), autocommit=True)

    def settle(self) -> None:
        """Write out what the step before left dirty: it must not slow down the next one."""
        self.server.down()
        os.sync()
        self.server.up()

    def run(self, *arguments: str) -> float:
        """Seconds of one whole `coursehouse` process."""
        address = psycopg.conninfo.conninfo_to_dict(self.server.dsn("warehouse"))
        environment = {
            **os.environ,
            "COURSEHOUSE_HOME": str(self.directory / "home"),
            "COURSEHOUSE_PG_HOST": str(address["host"]),
            "COURSEHOUSE_PG_PORT": str(address["port"]),
            "COURSEHOUSE_PG_USER": str(address["user"]),
            "COURSEHOUSE_PG_PASSWORD": str(address["password"]),
            "COURSEHOUSE_PG_DBNAME": "warehouse",
            "COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS": self.broker.bootstrap_servers,
        }
        started = time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "ingest.cli", *arguments], env=environment, check=True
        )
        return time.monotonic() - started


def main() -> None:
    """Run one part of the benchmark; exit code 1 if its target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parts: dict[str, tuple[Callable[[Bench, int], bool], int]] = {
        "load": (load, 10_000_000),
        "simulate": (simulate, 1_000_000),
    }
    parser.add_argument("part", choices=parts)
    parser.add_argument("--events", type=int)
    given = parser.parse_args()
    part, events = parts[given.part]
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-bench-"))
    directory.chmod(0o755)
    server = EmbeddedPostgres(directory / "home", free_port())
    broker = EmbeddedBroker(directory / "broker", free_port())
    server.up()
    broker.up()
    try:
        server.create_database("warehouse")
        bench = Bench(server, broker, directory)
        with bench.connect() as conn:
            bootstrap(conn)
        sys.exit(0 if part(bench, given.events or events) else 1)
    finally:
        broker.down()
        server.down()
        shutil.rmtree(directory, ignore_errors=True)


def load(bench: Bench, events: int) -> bool:
    """Kafka to raw, as a ratio of binary COPY."""
    packed = [_packed(start, BATCH_RECORDS) for start in range(0, LIMIT_EVENTS, BATCH_RECORDS)]
    limits = [_copy(bench, packed, events // 2)]
    _fill(bench, events)
    bench.settle()
    seconds = bench.run("load", "events", "--topics", TOPIC)
    # the largest child so far; the loads are the only large ones
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    limits.append(_copy(bench, packed, events // 2))
    _check(bench, events)
    limit, rate = len(limits) / sum(1 / limit for limit in limits), events / seconds
    size = sum(len(_event(i)) for i in range(1000)) // 1000
    print(f"\n{events:,} events of {size} bytes, Kafka to {TABLE}")
    both = ", ".join(f"{limit:,.0f}" for limit in limits)
    print(f"  binary COPY  {limit:10,.0f} rows/s  ({both})")
    print(f"  load         {rate:10,.0f} rows/s  {rate / limit:.2f} of COPY")
    print(f"  peak memory  {memory:10,.0f} MB")
    return rate / limit >= 0.4


def simulate(bench: Bench, events: int) -> bool:
    """The simulator to Kafka; it says itself how many records it sent."""
    bench.run("topics", "apply")
    seconds = bench.run("simulate", "--to", "kafka", "--events", str(events))
    rate = events / seconds
    print(f"\n{events:,} events simulated to Kafka in {seconds:.1f} s: {rate:,.0f} per second")
    return rate >= 1_000_000 / 30


def _event(number: int) -> bytes:
    """An event like those of a course page, about 400 bytes."""
    return orjson.dumps(
        {
            "event_id": f"{number:08x}-0000-4000-8000-{number * 2654435761 % 2**48:012x}",
            "user_id": 1 + number * 7919 % 100_000,
            "event_type": ("page_view", "click", "session_start")[number % 3],
            "timestamp": f"2026-03-{1 + number // 100_000 % 28:02}T{number % 24:02}"
            f":{number % 60:02}:{number * 7 % 60:02}.{number % 1000:03}Z",
            "session_id": f"session-{number // 40:x}",
            "properties": {
                "page": f"/course/{2 + number % 400}/activity/{number * 31 % 9000}",
                "referrer": "https://learn.example.org/my/courses",
                "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
                "duration_ms": number * 37 % 90_000,
                "status_code": 200,
            },
        }
    )


def _fill(bench: Bench, count: int) -> None:
    """Produce `count` events; compressed they take about 60 MB of memory per million."""
    servers = bench.broker.bootstrap_servers
    admin = AdminClient({"bootstrap.servers": servers})
    admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])[TOPIC].result()
    producer = Producer({"bootstrap.servers": servers, "compression.type": "zstd", "linger.ms": 50})
    for number in range(count):
        event = _event(number)
        while True:
            try:
                producer.produce(TOPIC, event, key=str(number % 100_000).encode())
                break
            except BufferError:
                producer.poll(0.1)
        if number % 10_000 == 0:
            producer.poll(0)
    if producer.flush(60):
        raise SystemExit("the broker did not take the events")


def _packed(start: int, count: int) -> bytes:
    """Rows of the raw table in the binary format of COPY."""
    epoch = datetime(2000, 1, 1, tzinfo=UTC)
    time_ = struct.pack("!iq", 8, int((datetime.now(UTC) - epoch).total_seconds() * 1e6))
    rows = [b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)]
    for number in range(start, start + count):
        event, key = _event(number), str(number % 100_000).encode()
        rows.append(
            struct.pack("!hi5siiiqi", 8, 5, b"kafka", 4, number % PARTITIONS, 8, number, len(key))
            + key
            + struct.pack("!ib", len(event) + 1, 1)
            + event
            + time_
            + struct.pack("!iq", 8, 1)
            + time_
        )
    return b"".join([*rows, struct.pack("!h", -1)])


def _copy(bench: Bench, packed: list[bytes], count: int) -> float:
    """Rows/s when the packed batches are copied, again and again, into a table like the raw one."""
    bench.settle()
    batches = max(1, count // BATCH_RECORDS)
    with bench.connect() as conn:
        conn.execute("drop table if exists copied")
        conn.execute(f"create table copied (like {TABLE} including all)")
        started = time.monotonic()
        for rows in islice(cycle(packed), batches):
            with (
                conn.cursor() as cursor,
                cursor.copy("copy copied from stdin (format binary)") as copy,
            ):
                copy.write(rows)
        return batches * BATCH_RECORDS / (time.monotonic() - started)


def _check(bench: Bench, expected: int) -> None:
    with bench.connect() as conn:
        row = conn.execute(
            f"select count(*), count(distinct payload ->> 'event_id') from {TABLE}"
        ).fetchone()
    if row != (expected, expected):
        raise SystemExit(f"the load is wrong: {row}, expected {expected} different rows")


if __name__ == "__main__":
    main()
