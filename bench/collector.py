"""How many requests does the collector acknowledge, and how long do they take?

    python bench/collector.py [--seconds 10] [--connections 64 256] [--runs 3]

Everything runs on this machine at once, load generator (`wrk`, one thread) and broker included.
Each run measures, one after the other, with one record of about 435 bytes per request:

- bare: a uvicorn application that answers 202 without reading the body: the limit
- kafka: `coursehouse collect`, acknowledged by the embedded broker
- postgres: the same, acknowledged by a group commit with fsync

and reports requests per second, their ratio to the bare application of the same run, p50 and p99,
processor time of the server per request (steadier when the machine is shared), and how many
acknowledged records were missing afterwards (none may be).
Targets: kafka at least 5,000 requests/s with p99 below 50 ms at some number of connections.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from ingest.collector.keys import new_key
from ingest.events.topics import topics
from ingest.kafka.broker import EmbeddedBroker
from ingest.postgres import EmbeddedPostgres
from ingest.processes import free_port
from ingest.warehouse.bootstrap import bootstrap

TARGET_RATE, TARGET_P99_MS = 5_000, 50
TOPIC = "clickstream"
SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-Write-Key"] = "{key}"
wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
local head, tail = '{{"event_id": "', [==[", {rest}]==]
local n = 0
request = function()
    n = n + 1
    return wrk.format(nil, "/v1/track", nil, head .. n .. tail)
end
local refused = 0
done = function(summary, latency, requests)
    io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration,
        summary.errors.status, summary.errors.timeout + summary.errors.read,
        latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True)
class Result:
    """Of one run of the load generator."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    acknowledged: int


def main() -> None:
    """Run the benchmark and print a table; exit code 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is needed: apt-get install wrk")
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-bench-"))
    directory.chmod(0o755)
    broker = EmbeddedBroker(directory / "kafka", free_port())
    server = EmbeddedPostgres(directory / "postgres", free_port())
    broker.up()
    server.up()
    try:
        is_good = _measure(arguments, directory, broker, server)
    finally:
        broker.delete()
        server.down()
        shutil.rmtree(directory, ignore_errors=True)
    sys.exit(0 if is_good else 1)


def _measure(
    arguments: argparse.Namespace,
    directory: Path,
    broker: EmbeddedBroker,
    server: EmbeddedPostgres,
) -> bool:
    with psycopg.connect(server.dsn()) as conn:
        bootstrap(conn)
    admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers})
    wanted = [NewTopic(topic.topic, topic.partitions, 1) for topic in topics().values()]
    for future in admin.create_topics(wanted).values():
        future.result(20)
    home = directory / "collector"
    script = directory / "post.lua"
    script.write_text(SCRIPT.format(key=new_key(home / "collect_keys.json", "bench"), rest=_rest()))
    kinds = {
        "bare": [sys.executable, __file__, "--bare"],
        "kafka": [sys.executable, "-m", "ingest.cli", "collect"],
        "postgres": [sys.executable, "-m", "ingest.cli", "collect"],
    }
    environments: dict[str, dict[str, str]] = {
        "bare": {},
        "kafka": {"COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers},
        "postgres": postgres_environment(server),
    }
    is_good, missing = False, 0
    kept = {
        "kafka": lambda: kept_by_kafka(broker, TOPIC),
        "postgres": lambda: kept_by_postgres(server, f"raw_events.{TOPIC}"),
    }
    for connections in arguments.connections:
        results: dict[str, list[Result]] = {kind: [] for kind in kinds}
        for _ in range(arguments.runs):
            for kind, command in kinds.items():
                before = kept[kind]() if kind in kept else 0
                with running(command, environments[kind], home) as (port, pid):
                    url = f"http://127.0.0.1:{port}/v1/track"
                    warm = load(script, url, pid, connections, 1)
                    found = load(script, url, pid, connections, arguments.seconds)
                results[kind].append(found)
                if kind in kept:
                    sent = warm.acknowledged + found.acknowledged
                    missing += max(0, sent - (kept[kind]() - before))
        rates = report(results, connections, arguments.runs, arguments.seconds)
        p99 = statistics.median(run.p99_ms for run in results["kafka"])
        is_good |= rates["kafka"] >= TARGET_RATE and p99 < TARGET_P99_MS
    print(f"\nacknowledged and missing: {missing}")
    return is_good and missing == 0


def report(
    results: dict[str, list[Result]], connections: int, runs: int, seconds: int
) -> dict[str, float]:
    """Print a line per kind, medians of its runs. Returns requests per second by kind."""
    print(f"\n{connections} connections, {runs} runs of {seconds} s (median)")
    rates = {}
    for kind, found in results.items():
        rates[kind] = statistics.median(run.rate for run in found)
        p50 = statistics.median(run.p50_ms for run in found)
        p99 = statistics.median(run.p99_ms for run in found)
        cpu = statistics.median(run.cpu_us for run in found)
        ratio = statistics.median(
            run.rate / bare.rate for run, bare in zip(found, results["bare"], strict=True)
        )
        print(
            f"  {kind:9} {rates[kind]:7,.0f} requests/s  {ratio:.2f} of bare  p50 {p50:6.1f} ms"
            f"  p99 {p99:6.1f} ms  {cpu:4.0f} us of processor each"
        )
    return rates


def _rest() -> str:
    record = {
        "student_id": 4711,
        "event_type": "page_view",
        "timestamp": "2026-03-04T05:06:07.891Z",
        "page_url": "/course/view.php?id=7&section=3",
        "course_id": 7,
        "chapter_id": "book_chapter-12",
        "session_id": "6f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
        "metadata": {"duration": 12.5, "device": "desktop", "scroll_depth": 80, "note": "x" * 140},
    }
    return json.dumps(record)[1:]


def postgres_environment(server: EmbeddedPostgres) -> dict[str, str]:
    """Variables for a collector that writes into `server`."""
    parts = psycopg.conninfo.conninfo_to_dict(server.dsn())
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    found = {f"COURSEHOUSE_PG_{name}": str(parts[part]) for name, part in names.items()}
    return {**found, "COURSEHOUSE_PG_DBNAME": str(parts["dbname"])}


@contextmanager
def running(
    command: list[str], environment: dict[str, str], home: Path
) -> Iterator[tuple[int, int]]:
    """Serve with `command`; gives port and process id."""
    port = free_port()
    settings = {"COURSEHOUSE_HOME": str(home), "COURSEHOUSE_COLLECT_RATE": "1000000"}
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        env={**os.environ, **settings, **environment},
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                httpx.get(f"http://127.0.0.1:{port}/healthz")
                break
            except httpx.TransportError:
                time.sleep(0.5)  # asking costs the machine something, too
        else:
            raise SystemExit("the server did not start within two minutes")
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(60)


def load(script: Path, url: str, pid: int, connections: int, seconds: int) -> Result:
    """Send what `script` says as fast as it is answered. Ends the program if any is refused."""
    wrk = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    before = _cpu_seconds(pid)
    out = subprocess.run(
        [*wrk, "-s", str(script), url],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", out)
    if found is None:
        raise SystemExit(f"wrk said nothing: {out}")
    requests, microseconds, refused, lost, p50, p99 = (int(part) for part in found.groups())
    if refused or lost:
        raise SystemExit(f"{refused} requests were refused, {lost} were lost")
    cpu_us = (_cpu_seconds(pid) - before) / requests * 1e6
    return Result(requests / microseconds * 1e6, p50 / 1000, p99 / 1000, cpu_us, requests)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def kept_by_kafka(broker: EmbeddedBroker, topic: str) -> int:
    """Records of the topic: read, because this broker's watermarks are wrong."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap_servers, "group.id": "bench"})
    consumer.assign([TopicPartition(topic, p, 0) for p in range(topics()[topic].partitions)])
    count, last = 0, time.monotonic()
    while time.monotonic() - last < 2:
        messages = consumer.consume(10_000, timeout=0.2)
        if messages:
            count, last = count + len(messages), time.monotonic()
    consumer.close()
    return count


def kept_by_postgres(server: EmbeddedPostgres, table: str) -> int:
    """Rows of a table."""
    with psycopg.connect(server.dsn()) as conn:
        row = conn.execute(f"select count(*) from {table}").fetchone()
    return int(row[0]) if row else 0


def _serve_bare(port: int) -> None:
    import uvicorn
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

    async def bare(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"14")]
        await send(
            {"type": "http.response.start", "status": 202, "headers": headers, "trailers": False}
        )
        await send({"type": "http.response.body", "body": b'{"accepted":1}', "more_body": False})

    uvicorn.run(
        bare, port=port, loop="uvloop", http="httptools", access_log=False, lifespan="off",
        log_level="warning",
    )  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["--bare"]:
        _serve_bare(int(sys.argv[3]))
    else:
        main()
