"""How long after it was produced does `coursehouse stream` show an event in a mart?

    python bench/stream_latency.py [--minutes 10] [--rate 200] [--every 30]

The simulator produces at a steady rate, one process streams. The latency of a record is the moment
at which a mart in near real time is first seen to hold it, less the broker's time stamp; whoever
looks does so every quarter of a second. CPU and memory of the process, and of Postgres, are read
from /proc once a minute. Target: 95 % of the records within 60 s, and both flat, over seven minutes
or more.
"""

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from math import nan
from statistics import quantiles

import psycopg
from usage import Usage, busy, verdicts
from warehouse import Bench, bench

from ingest.events.topics import logs
from ingest.kafka.broker import EmbeddedBroker
from ingest.processes import free_port

PROGRAM = [sys.executable, "-m", "ingest.cli"]
UPSTREAM = ("+tag:near_real_time", "+tag:alert", "+path:models/marts/ops")
LOOK_SECONDS = 0.25
SAMPLE_SECONDS = 60.0
TARGET_SECONDS = 60
STREAM, POSTGRES = "stream", "Postgres"
SHOWN = """
    select coalesce(least(
        (select max(_load_id) from marts_engagement.rt_sales_window),
        (select max(_load_id) from marts_engagement.rt_activity_window)
    ), 0)
"""
TOPICS = (
    *("user.events", "assessment.events", "learning.progress", "clickstream", "quiz", "video"),
    *("clicks", "cart", "purchase"),
)


@dataclass(frozen=True)
class Shown:
    """A record that was first seen in the marts at a moment, so many seconds after the broker."""

    at: float
    latency: float


def main() -> None:
    """Run the benchmark; exit code 1 if the target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--every", type=float, default=30)
    given = parser.parse_args()
    with bench() as used:
        used.load_sample()
        used.build("loaded", *UPSTREAM)
        broker = EmbeddedBroker(used.directory / "broker", free_port())
        broker.up()
        try:
            shown, usage = _stream(used, broker.bootstrap_servers, given)
        finally:
            broker.down()
    p95 = _report(given, shown, usage)
    missed = [line for name, moments in usage.items() for line in verdicts(name, moments)]
    # nan, of nothing that was shown, is no hit either
    missed += [] if p95 <= TARGET_SECONDS else [f"p95 {p95:.1f} s, more than {TARGET_SECONDS}"]
    for line in missed:
        print(f"  missed: {line}")
    sys.exit(1 if missed else 0)


def _stream(
    used: Bench, servers: str, given: argparse.Namespace
) -> tuple[list[Shown], dict[str, list[Usage]]]:
    environment = {
        **used.environment("loaded", is_for_loads=True),
        "COURSEHOUSE_HOME": str(used.directory / "lane"),
        "COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS": servers,
    }
    subprocess.run([*PROGRAM, "topics", "apply"], env=environment, check=True)
    events = int(given.rate * given.minutes * 60)
    stream = subprocess.Popen([*PROGRAM, "stream", f"--every={given.every}"], env=environment)
    play = ["simulate", "--to", "kafka", "--now", f"--rate={given.rate}", f"--events={events}"]
    producer: subprocess.Popen[bytes] | None = None
    records: list[Shown] = []
    usage: dict[str, list[Usage]] = {STREAM: [], POSTGRES: []}
    try:
        with used.connect("loaded") as conn:
            lock = used.server.data_directory / "postmaster.pid"
            server = int(lock.read_text().split()[0])
            _wait_for_a_cycle(conn, stream)
            _measure(usage, stream.pid, server)
            producer = subprocess.Popen([*PROGRAM, *play], env=environment)
            known, end = 0, 0.0
            # two cycles more, for what was produced last
            while producer.poll() is None or time.monotonic() < end:
                if producer.poll() is None:
                    end = time.monotonic() + 2 * given.every
                if time.monotonic() - usage[STREAM][-1].at >= SAMPLE_SECONDS:
                    _measure(usage, stream.pid, server)
                time.sleep(LOOK_SECONDS)
                newest = _number(conn, SHOWN)
                if newest > known:
                    at = time.monotonic()
                    records += [Shown(at, each) for each in _latencies(conn, known, newest)]
                    known = newest
            # what is not there by now counts as if it had come now
            at, newest = time.monotonic(), 2**62
            records += [Shown(at, each) for each in _latencies(conn, known, newest)]
    finally:
        for process in (producer, stream):
            if process:
                process.terminate()
                process.wait(120)
    return records, usage


def _measure(usage: dict[str, list[Usage]], stream: int, server: int) -> None:
    usage[STREAM].append(Usage.of(stream))
    usage[POSTGRES].append(Usage.of_server(server))


def _wait_for_a_cycle(conn: psycopg.Connection, stream: "subprocess.Popen[bytes]") -> None:
    done = (
        "select count(*) from ops.metric_sample where labels ->> 'source' = 'stream'"
        " and metric = 'coursehouse_batch_seconds'"
    )
    while _number(conn, done) == 0:
        if stream.poll() is not None:
            raise SystemExit("the stream ended before it began")
        time.sleep(LOOK_SECONDS)


def _latencies(conn: psycopg.Connection, after: int, to: int) -> list[float]:
    """Seconds from the broker's time stamp of newly shown records until now."""
    rows = " union all ".join(
        f"select _load_id, produced_at from raw_events.{logs()[name].table_name}" for name in TOPICS
    )
    query = (
        "select extract(epoch from clock_timestamp() - produced_at)::float8"
        f" from ({rows}) as records where _load_id > %s and _load_id <= %s"
    )
    return [row[0] for row in conn.execute(query.encode(), [after, to]).fetchall()]


def _number(conn: psycopg.Connection, query: str) -> int:
    row = conn.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0


def _report(
    given: argparse.Namespace, records: list[Shown], usage: dict[str, list[Usage]]
) -> float:
    p50, p95 = _percentiles(records)
    rate = f"{given.rate} per second, a cycle every {given.every:g} s"
    print(f"\n{len(records):,} records at {rate}")
    target = f"(target {TARGET_SECONDS})"
    print(f"  from the broker to the marts: p50 {p50:.1f} s, p95 {p95:.1f} s {target}")
    shares = zip(*map(busy, usage.values()), strict=True)
    moments = pairwise(zip(*usage.values(), strict=True))
    for ((before, _), (after, server)), (ours, theirs) in zip(moments, shares, strict=True):
        minute = (after.at - usage[STREAM][0].at) / 60
        late = _percentiles([one for one in records if before.at <= one.at < after.at])[1]
        print(
            f"  minute {minute:4.1f}: {ours:4.0%} of a core, {after.memory_mib:4.0f} MiB; Postgres"
            f" {theirs:4.0%}, {server.memory_mib:4.0f} MiB; p95 {late:4.1f} s"
        )
    return p95


def _percentiles(records: list[Shown]) -> tuple[float, float]:
    """p50 and p95 of the latencies, in seconds; nan where nothing was shown."""
    if len(records) < 2:
        return nan, nan
    cuts = quantiles([one.latency for one in records], n=100)
    return cuts[49], cuts[94]


if __name__ == "__main__":
    main()
