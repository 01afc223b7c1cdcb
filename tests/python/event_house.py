"""A warehouse for the event lane, events to put into it, and an S3 server."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import orjson
import plain_http
import psycopg
import s3fs
from psycopg.conninfo import conninfo_to_dict

from ingest.archive.backfill import Backfilled
from ingest.archive.compact import compact
from ingest.archive.replay import Replayed, replay
from ingest.archive.write import archive
from ingest.backfill.run import backfill
from ingest.events import raw
from ingest.events.topics import topics
from ingest.files.load import FilesLoaded, load_files
from ingest.settings import Settings
from ingest.warehouse.bootstrap import bootstrap
from ingest.warehouse.manifest import next_load_id, record_load
from ingest.warehouse.merge import Counts

IDENTITY = "lane, source_partition, source_offset"
CONTENT = f"{IDENTITY}, key, payload, produced_at, _loaded_at"
LETTER = f"topic, {IDENTITY}, key, payload, produced_at, error_class, reason, _loaded_at"
SPACE = uuid.UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")


@dataclass
class House:
    """A bootstrapped warehouse and the commands of the event lane on it."""

    dsn: str
    home: Path
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        with psycopg.connect(self.dsn) as conn:
            bootstrap(conn)

    def settings(self, **changed: Any) -> Settings:
        parts = conninfo_to_dict(self.dsn)
        values: dict[str, Any] = {
            f"pg_{name}": parts[name] for name in ("host", "port", "user", "password")
        }
        values |= {"home": self.home, "pg_dbname": parts["dbname"], "files_quiet_seconds": 0}
        return Settings.model_validate(values | changed)

    def load(self, url: object, topic: str | None = None, **changed: Any) -> FilesLoaded:
        self.said.clear()
        return load_files(self.settings(**changed), str(url), self.said.append, topic)

    def archive(self, **changed: Any) -> int:
        self.said.clear()
        return archive(self.settings(**changed), self.said.append)

    def compact(self, **changed: Any) -> int:
        return compact(self.settings(**changed), self.said.append)

    def backfill(self, first: date, last: date, *names: str, **changed: Any) -> Backfilled:
        settings = self.settings(**changed)
        return backfill(settings, first, last, self.said.append, names).archive

    def replay(self, *names: str, error_class: str | None = None) -> Replayed:
        return replay(self.settings(), self.said.append, list(names), error_class)

    def arrive(
        self, topic: str, records: list[raw.Record], at: datetime, lane: raw.Lane = "kafka"
    ) -> int:
        """Records arrive in one load at an instant, as a loader appends them."""
        with psycopg.connect(self.dsn) as conn:
            load_id = next_load_id(conn)
            raw.ensure_partition(conn, topics()[topic], at.date())
            rows = raw.sort(topics()[topic], records)
            raw.append(conn, topics()[topic], lane, rows, load_id, at)
            record_load(conn, load_id, "events", Counts(len(rows.accepted)), at, {})
        return load_id

    def run(self, *statements: str) -> None:
        with psycopg.connect(self.dsn) as conn:
            for statement in statements:
                conn.execute(statement)

    def read(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            return conn.execute(query).fetchall()

    def value(self, query: str) -> Any:
        return self.read(query)[0][0]

    def content(self, table: str = "user_events") -> list[tuple[Any, ...]]:
        """Every row of a raw table but its load number."""
        return self.read(f"select {CONTENT} from raw_events.{table} order by {IDENTITY}")

    def letters(self) -> list[tuple[Any, ...]]:
        """Every dead letter as it came."""
        return self.read(f"select {LETTER} from raw_events.dead_letter order by topic, {IDENTITY}")

    def state(self) -> list[tuple[Any, ...]]:
        """All that a load may change, in every column."""
        tables = ["raw_events.user_events", "raw_events.quiz", "raw_events.dead_letter"]
        tables += ["ops.file_manifest", "ops.load_manifest"]
        return [row for t in tables for row in self.read(f"select * from {t} order by 1, 2, 3")]


def event(number: int, **changes: Any) -> dict[str, Any]:
    """A valid record of user.events, always the same for a number."""
    record = {
        "event_id": str(uuid.uuid5(SPACE, str(number))),
        "event_type": "page_view",
        "user_id": number % 7 + 1,
        "timestamp": f"2026-03-01T10:{number // 60 % 60:02d}:{number % 60:02d}Z",
        "properties": {"page": f"/course/{number % 5}", "duration_ms": number},
    }
    return record | changes


def jsonl(*records: Any) -> bytes:
    """JSON Lines; a text stands for itself."""
    return b"".join(
        (record if isinstance(record, bytes) else orjson.dumps(record)) + b"\n"
        for record in records
    )


def kafka_records(first: int, count: int, partition: int = 0) -> list[raw.Record]:
    """Records as Kafka brings them; every tenth breaks its contract."""
    at = datetime(2026, 3, 1, 10, tzinfo=UTC)
    return [
        raw.Record(
            partition,
            number,
            f"key {number}".encode(),
            orjson.dumps(event(number) if number % 10 else event(number, event_type="scream")),
            at,
        )
        for number in range(first, first + count)
    ]


def put(folder: Path, name: str, content: bytes) -> Path:
    """Write a file and the folders above it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def age(path: Path, seconds: float) -> None:
    """Make a file look as if it was last written that long ago."""
    then = time.time() - seconds
    os.utime(path, (then, then))


@contextmanager
def s3_server(port: int, log: Path) -> Iterator[str]:
    """A running S3 (moto); gives its address. The environment points every client to it."""
    url = f"http://127.0.0.1:{port}"
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
    }
    program = Path(sys.executable).parent / "moto_server"
    with log.open("wb") as output, mock.patch.dict(os.environ, environment):
        server = subprocess.Popen(
            [program, "-H", "127.0.0.1", "-p", str(port)], stdout=output, stderr=output
        )
        try:
            deadline = time.monotonic() + 30
            while True:
                try:
                    plain_http.get(f"{url}/moto-api/", timeout=5)
                    break
                except httpx.TransportError:
                    assert time.monotonic() < deadline, log.read_text()
                    time.sleep(0.1)
            s3fs.S3FileSystem.clear_instance_cache()
            yield url
        finally:
            s3fs.S3FileSystem.clear_instance_cache()
            server.terminate()
            server.wait(10)
