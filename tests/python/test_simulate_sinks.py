"""Where simulated records go: every one arrives, in order, or is known to be left out."""

import csv
import gzip
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.cimpl import NewTopic

from ingest.errors import UserError
from ingest.events.contracts import contract_of
from ingest.events.topics import topics
from ingest.kafka.client import admin, consumer
from ingest.settings import PROJECT_DIR, Settings
from ingest.simulate.batches import to_files
from ingest.simulate.command import Format
from ingest.simulate.dice import DAY
from ingest.simulate.noise import Message
from ingest.simulate.plan import Plan
from ingest.simulate.run import Outcome, run, write_truth
from ingest.simulate.sinks import paced, to_kafka
from ingest.simulate.track import to_collector
from ingest.simulate.truth import truth_of
from ingest.simulate.world import simulate

PLAN = Plan(
    seed=5, events=1_500, days=2, malformed_share=0.02, duplicate_share=0.02, late_share=0.02
)
STREAM = list(simulate(PLAN))
GOOD = [m for m in STREAM if contract_of(m.topic).check(m.value) is None]
KEY = "chk_a-key"


@dataclass
class Endpoint:
    """An HTTP server that answers with the given statuses, then with 202, and keeps bodies."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    kept: list[tuple[str, list[Any]]] = field(default_factory=list)
    answer: bytes = b"{}"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    state = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = state.statuses.pop(0) if state.statuses else 202
            if status in (202, 422) and self.headers["x-write-key"] == KEY:
                state.kept.append((self.path, orjson.loads(body)))
            self.send_response(status)
            self.send_header("retry-after", "0")
            self.send_header("content-length", str(len(state.answer)))
            self.end_headers()
            self.wfile.write(state.answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever).start()
    yield state
    server.shutdown()
    server.server_close()


def test_kafka_gets_every_record_and_each_key_in_order(broker_settings: Settings) -> None:
    client = admin(broker_settings)
    wanted = [NewTopic(topic.topic, topic.partitions, 1) for topic in topics().values()]
    for created in client.create_topics(wanted).values():
        created.result()
    outcome = run(PLAN, to_kafka(broker_settings))
    assert outcome.left_out == set()
    assert outcome.sent == len(STREAM)
    found = _read(broker_settings, len(STREAM))
    assert found == _by_key((m.topic, m.key, m.value) for m in STREAM)


def test_topics_are_not_made_by_sending_to_them(broker_settings: Settings) -> None:
    with pytest.raises(
        UserError, match=r"no topic assessment\.events: run `coursehouse topics apply`"
    ):
        run(PLAN, to_kafka(broker_settings))
    assert "clicks" not in admin(broker_settings).list_topics(timeout=10).topics


def test_a_rate_holds_records_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))
    sent_at = [clock[0] for _ in paced(STREAM[:5], 2)]
    assert sent_at == [100.0, 100.5, 101.0, 101.5, 102.0]


@pytest.mark.parametrize("format_", ["jsonl", "jsonl.gz"])
def test_lines_hold_the_bytes_of_every_record_but_tombstones(
    tmp_path: Path, format_: Format
) -> None:
    outcome = run(PLAN, to_files(tmp_path / "batches", format_))
    sent = _sent(outcome)
    assert {m.value for n, m in enumerate(STREAM) if n in outcome.left_out} - {None} <= {
        m.value for m in sent
    }
    assert None not in {m.value for m in sent}
    for topic, values in _values_by_topic(sent).items():
        files = sorted((tmp_path / "batches" / topic).iterdir())
        assert [file.name for file in files] == [f"{day}.{format_}" for day in _days(topic, sent)]
        content = b"".join(
            gzip.decompress(f.read_bytes()) if format_.endswith("gz") else f.read_bytes()
            for f in files
        )
        assert content.split(b"\n") == [*values, b""]


@pytest.mark.parametrize("format_", ["csv", "csv.gz"])
def test_rows_of_csv_nest_by_dots_and_hold_what_keeps_its_contract(
    tmp_path: Path, format_: Format
) -> None:
    outcome = run(PLAN, to_files(tmp_path / "batches", format_))
    rows: Counter[str] = Counter()
    for file in (tmp_path / "batches").rglob("*.csv*"):
        opener: Callable[..., Any] = gzip.open if format_.endswith("gz") else open
        with opener(file, "rt", encoding="utf8", newline="") as lines:
            rows.update(_text_of(row) for row in csv.DictReader(lines))
    assert rows == Counter(
        _text_of(_flat_text(orjson.loads(m.value or b""))) for m in _sent(outcome)
    )
    assert set(_sent(outcome)) <= set(GOOD)
    assert {m.value for m in _sent(outcome)} == {m.value for m in GOOD}


def test_rows_of_parquet_keep_their_types(tmp_path: Path) -> None:
    outcome = run(PLAN, to_files(tmp_path / "batches", "parquet"))
    expected = _values_by_topic(_sent(outcome))
    for topic, values in expected.items():
        rows = [
            row
            for file in sorted((tmp_path / "batches" / topic).iterdir())
            for row in pq.read_table(file).to_pylist()
        ]
        ids = [orjson.loads(value)["event_id"] for value in values]
        assert [row["event_id"] for row in rows] == ids
        for row, value in zip(rows, values, strict=True):
            record = orjson.loads(value)
            nested = _nested({k: v for k, v in row.items() if v is not None})
            person = topics()[topic].person_field
            assert nested.pop(person, None) in (record[person], str(record[person]))
            del record[person]
            assert _dense(nested) == _dense(record)


def test_the_truth_leaves_out_what_could_not_be_sent(tmp_path: Path) -> None:
    outcome = run(PLAN, to_files(tmp_path / "batches", "csv"))
    write_truth(PLAN, outcome.left_out, tmp_path / "truth.json")
    found = json.loads((tmp_path / "truth.json").read_text())
    expected = truth_of((m.topic, m.value, m.produced_at) for m in _sent(outcome))
    assert found.pop("plan")["seed"] == 5
    assert found == json.loads(orjson.dumps(expected))
    assert found["stream"]["rejected"] == {}


def test_a_file_that_would_be_the_same_again_is_left_out(tmp_path: Path) -> None:
    first, second = [message for message in GOOD if message.topic == "user.events"][:2]
    again = first._replace(at=first.at + 3 * DAY)
    assert to_files(tmp_path / "alone", "jsonl")([first, again]) == {1}
    assert to_files(tmp_path / "with others", "jsonl")([first, second, again]) == set()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="is not empty: name another folder"):
        to_files(tmp_path, "jsonl")
    with pytest.raises(UserError, match=r"cannot write to .*notes\.txt"):
        to_files(tmp_path / "notes.txt", "jsonl")


def test_a_collector_gets_the_public_topics_in_batches(endpoint: Endpoint) -> None:
    endpoint.statuses = [202, 429, 503, 422]
    outcome = run(PLAN, to_collector(endpoint.url, KEY))
    public = [m for m in STREAM if topics()[m.topic].is_public]
    classes = {m: _error_class(m) for m in public}
    carried = [m for m in public if classes[m] in (None, "contract", "unstorable")]
    assert outcome.sent == len(carried)
    assert {"contract", "unstorable"} <= set(classes.values())
    received: dict[str, list[Any]] = {}
    for path, records in endpoint.kept:
        assert len(records) <= 500
        received.setdefault(path.removeprefix("/v1/track/"), []).extend(records)
    expected = _values_by_topic(carried)
    assert received == {
        topic: [orjson.loads(value) for value in values] for topic, values in expected.items()
    }


@pytest.mark.parametrize(
    ("status", "answer", "says"),
    [
        (401, b'{"detail": "send a write key"}', "answered 401: send a write key"),
        (500, b"<html>", "answered 500$"),
    ],
)
def test_a_collector_that_refuses_is_quoted(
    endpoint: Endpoint, status: int, answer: bytes, says: str
) -> None:
    endpoint.statuses, endpoint.answer = [status], answer
    with pytest.raises(UserError, match=says):
        run(PLAN, to_collector(endpoint.url, KEY))
    assert endpoint.kept == []


def test_a_collector_that_is_not_there_is_named(free_port: Callable[[], int]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(UserError, match=f"no answer from the collector at {url}: .*refused"):
        run(PLAN, to_collector(url, KEY))
    with pytest.raises(UserError, match="ftp://x is no address of a collector"):
        to_collector("ftp://x", KEY)


def test_the_command_writes_files_and_their_truth(tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"
    done = _command(
        *("--to", "files", "--path", str(tmp_path / "out"), "--truth", str(truth)),
        *("--sample", "100", "--start", "2025-03-01", "--days", "2", "--seed", "9"),
    )
    assert done.stderr == ""
    assert "100 records of 100 events from 01 Mar 2025 to 02 Mar 2025 are in" in done.stdout
    lines = b"".join(file.read_bytes() for file in (tmp_path / "out").rglob("*.jsonl"))
    assert lines.count(b"\n") == 100
    assert json.loads(truth.read_text())["stream"]["events"] == 100


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--to", "files"], "--to files needs a folder: add --path"),
        (["--to", "kafka", "--path", "x"], "--path goes with --to files, --url with --to track"),
        (["--to", "track"], "--to track needs --url and the write key in COURSEHOUSE_WRITE_KEY"),
        (["--to", "files", "--late-share", "2"], "late_share is 2.0: a share lies between 0 and 1"),
        (["--to", "files", "--rate", "0"], "--rate 0.0 sends nothing: name a rate above 0"),
        (["--to", "files", "--now", "--start", "2025-03-01"], "exclude each other"),
        (["--to", "files", "--truth", "nowhere/x.json"], "there is no folder nowhere"),
    ],
)
def test_a_mistake_ends_in_one_line(options: list[str], says: str) -> None:
    done = _command(*options)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("coursehouse: ")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def _sent(outcome: Outcome) -> list[Message]:
    return [message for number, message in enumerate(STREAM) if number not in outcome.left_out]


def _command(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ingest.cli", "simulate", *options],
        cwd=PROJECT_DIR,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )


def _read(settings: Settings, count: int) -> dict[tuple[str, bytes], list[bytes | None]]:
    """Everything in the topics, by topic and key, each partition in its order."""
    client = consumer(settings)
    client.assign(
        [
            TopicPartition(topic.topic, partition, 0)
            for topic in topics().values()
            for partition in range(topic.partitions)
        ]
    )
    found: list[tuple[str, bytes, bytes | None]] = []
    deadline = time.monotonic() + 60
    while len(found) < count and time.monotonic() < deadline:
        for message in client.consume(1000, timeout=1):
            assert message.error() is None
            found.append((str(message.topic()), message.key() or b"", message.value()))
    client.close()
    return _by_key(found)


def _by_key(records: Any) -> dict[tuple[str, bytes], list[bytes | None]]:
    found: dict[tuple[str, bytes], list[bytes | None]] = {}
    for topic, key, value in records:
        found.setdefault((topic, key), []).append(value)
    return found


def _values_by_topic(messages: Any) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for message in messages:
        found.setdefault(message.topic, []).append(message.value)
    return found


def _days(topic: str, messages: list[Message]) -> list[str]:
    return sorted({str(m.produced_at.date()) for m in messages if m.topic == topic})


def _error_class(message: Message) -> str | None:
    rejection = contract_of(message.topic).check(message.value)
    return None if rejection is None else rejection.error_class


def _flat_text(record: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """What the cells of a record should say."""
    cells: dict[str, str] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            cells |= _flat_text(value, f"{prefix}{name}.")
        elif value is not None:
            text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
            cells[prefix + name] = text
    return cells


def _text_of(row: dict[str, str]) -> str:
    return json.dumps({name: cell for name, cell in row.items() if cell}, sort_keys=True)


def _nested(row: dict[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for name, value in row.items():
        *path, last = name.split(".")
        target = record
        for step in path:
            target = target.setdefault(step, {})
        target[last] = value
    return record


def _dense(record: dict[str, Any]) -> dict[str, Any]:
    """Without nulls and without objects that hold nothing: columns cannot tell these apart."""
    parts = {
        name: _dense(value) if isinstance(value, dict) else value for name, value in record.items()
    }
    return {name: value for name, value in parts.items() if value not in (None, {})}
