"""A collector in a process of its own, as `coursehouse collect` runs it."""

import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import plain_http
import psycopg
from addresses import warehouse_variables

from ingest.collector.keys import new_key
from ingest.settings import PROJECT_DIR

MOODLE_TOKEN = "a-token-both-sides-know"
START_SECONDS = 30


@dataclass
class CollectorProcess:
    """One running collector, its write key and what it says on standard error."""

    port: int
    home: Path
    environment: dict[str, str]
    key: str = ""
    process: subprocess.Popen[bytes] | None = None
    options: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.home / "stderr").read_text()

    def log_line(self, answer: httpx.Response) -> str:
        """The line of an answered request; it is written after the answer."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            for line in self.log.splitlines(keepends=True):
                if answer.headers["x-request-id"] in line and line.endswith("\n"):
                    return line
            time.sleep(0.05)
        raise AssertionError(f"no line of {answer.request.url}: {self.log}")

    def start(self) -> "CollectorProcess":
        if not self.key:
            self.key = new_key(self.home / "collect_keys.json", "web")
        clean = {k: v for k, v in os.environ.items() if not k.startswith("COURSEHOUSE_")}
        with (self.home / "stderr").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ingest.cli", "collect", "--port", str(self.port)],
                cwd=PROJECT_DIR,
                env={**clean, **self.environment, **self.options},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                plain_http.get(f"{self.url}/openapi.json")
                return self
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"the collector did not start: {self.log}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait, and give the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(60)

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(
            verify=plain_http.NO_TLS,
            base_url=self.url,
            headers={"authorization": f"Bearer {self.key}", **headers},
            timeout=60,
        )

    def post(self, path: str, content: Any, **headers: str) -> httpx.Response:
        """POST bytes as they are, anything else as JSON."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        names = {"content-type": "application/json", **names}
        with self.client(**names) as client:
            if isinstance(content, bytes):
                return client.post(path, content=content)
            return client.post(path, json=content)

    def track(self, *records: Any, **headers: str) -> httpx.Response:
        body = records[0] if len(records) == 1 else list(records)
        return self.post("/v1/track", body, **headers)


def environment_of(dsn: str, home: Path, **options: str) -> dict[str, str]:
    """Variables for a collector that writes into the database at `dsn`."""
    return {
        "COURSEHOUSE_HOME": str(home),
        **warehouse_variables(dsn),
        "COURSEHOUSE_COLLECT_SINK": "postgres",
        "COURSEHOUSE_COLLECT_MOODLE_TOKEN": MOODLE_TOKEN,
        **{f"COURSEHOUSE_COLLECT_{name.upper()}": value for name, value in options.items()},
    }


def page_view(**changed: Any) -> dict[str, Any]:
    """A record that keeps the contract of clickstream."""
    return {
        "event_id": uuid.uuid4().hex,
        "student_id": 4711,
        "event_type": "page_view",
        "timestamp": datetime.now(UTC).isoformat(),
        **changed,
    }


def read(dsn: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, autocommit=True) as conn:
        return conn.execute(query).fetchall()


def stored(dsn: str, event_id: str, table: str = "clickstream") -> dict[str, Any]:
    """The payload of the one stored record with this id."""
    query = f"select payload from raw_events.{table} where payload->>'event_id' = '{event_id}'"
    ((payload,),) = read(dsn, query)
    found: dict[str, Any] = payload
    return found
