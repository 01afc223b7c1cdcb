"""How long after it was produced does `coursehouse stream` show an event in a mart?

    python bench/stream_latency.py [--minutes 10] [--rate 200] [--every 30]

The simulator produces at a steady rate, one process streams. The latency of a record is the moment
at which a mart in near real time is first seen to hold it, less the broker's time stamp; whoever
looks does so every quarter of a second. CPU and memory of the process are read from /proc every
cycle; of the first and the last quarter of the run they are compared: flat is what does not grow.
Target: 95 % of the records within 60 s.
"""

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, quantiles

import psycopg
from warehouse import Bench, bench

from ingest.events.topics import logs
from ingest.kafka.broker import EmbeddedBroker
from ingest.processes import free_port

PROGRAM = [sys.executable, "-m", "ingest.cli"]
UPSTREAM = ("+tag:near_real_time", "+tag:alert", "+path:models/marts/ops")
LOOK_SECONDS = 0.25
SAMPLE_SECONDS = 5.0
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
class Usage:
    """CPU seconds so far, and resident memory in MiB, of a process at a moment."""

    at: float
    cpu_seconds: float
    memory_mib: float

    @classmethod
    def of(cls, pid: int) -> "Usage":
        """Ask the kernel."""
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return cls(
            time.monotonic(),
            ticks / os.sysconf("SC_CLK_TCK"),
            pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        )


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
            latencies, usage = _stream(used, broker.bootstrap_servers, given)
        finally:
            broker.down()
    p95 = _report(given, latencies, usage)
    sys.exit(0 if p95 <= 60 else 1)


def _stream(
    used: Bench, servers: str, given: argparse.Namespace
) -> tuple[list[float], list[Usage]]:
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
    latencies: list[float] = []
    usage: list[Usage] = []
    try:
        with used.connect("loaded") as conn:
            _wait_for_a_cycle(conn, stream)
            producer = subprocess.Popen([*PROGRAM, *play], env=environment)
            shown, end = 0, 0.0
            # two cycles more, for what was produced last
            while producer.poll() is None or time.monotonic() < end:
                if producer.poll() is None:
                    end = time.monotonic() + 2 * given.every
                    if not usage or time.monotonic() - usage[-1].at >= SAMPLE_SECONDS:
                        usage.append(Usage.of(stream.pid))
                time.sleep(LOOK_SECONDS)
                newest = _number(conn, SHOWN)
                if newest > shown:
                    latencies += _latencies(conn, shown, newest)
                    shown = newest
    finally:
        for process in (producer, stream):
            if process:
                process.terminate()
                process.wait(120)
    return latencies, usage


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


def _report(given: argparse.Namespace, latencies: list[float], usage: list[Usage]) -> float:
    cuts = quantiles(latencies, n=100)
    p50, p95 = cuts[49], cuts[94]
    print(
        f"\n{len(latencies):,} records at {given.rate} per second, a cycle every {given.every:g} s"
    )
    print(f"  from the broker to the marts: p50 {p50:.1f} s, p95 {p95:.1f} s (target 60)")
    quarter = max(2, len(usage) // 4)
    for name, part in (("first", usage[:quarter]), ("last", usage[-quarter:])):
        busy = (part[-1].cpu_seconds - part[0].cpu_seconds) / (part[-1].at - part[0].at)
        memory = mean(one.memory_mib for one in part)
        print(f"  {name} quarter: {busy:.0%} of a core, {memory:.0f} MiB")
    return p95


if __name__ == "__main__":
    main()
