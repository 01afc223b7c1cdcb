"""`load events` against a real broker and a real Postgres: what goes where, and what it says."""

import json
from datetime import UTC, datetime

import orjson
import pytest
from event_lanes import EventLane, cart, click

from ingest.errors import UserError
from ingest.events.contracts import MAX_RECORD_BYTES

RAW = "raw_events"


def test_records_arrive_as_they_were_sent(events: EventLane) -> None:
    before = datetime.now(UTC)
    events.create("clicks", "cart")
    unknown = click(1, campaign={"name": "früh"})
    events.produce("clicks", [unknown], partition=2, key="jürgen".encode())
    events.produce("clicks", [click(2)], key=None)
    events.produce("cart", [cart(3)], partition=1, key=b"\xff\x00", timestamp=1_700_000_000_123)
    tally = events.load()
    assert tally.as_json()["topics"] == {
        "cart": {"accepted": 1, "rejected": {}},
        "clicks": {"accepted": 2, "rejected": {}},
    }
    events.assert_exactly_once()
    columns = "lane, source_partition, source_offset, key, payload, produced_at"
    first, second = events.read(f"select {columns} from {RAW}.clicks order by 2")
    assert first[:4] == ("kafka", 0, 0, None)
    assert second[:5] == ("kafka", 2, 0, "jürgen", json.loads(unknown))
    assert before <= second[5] <= datetime.now(UTC)
    assert events.read(f"select key, produced_at from {RAW}.cart") == [
        ("\ufffd\ufffd", datetime.fromtimestamp(1_700_000_000.123, UTC))
    ]
    loads = f"select _load_id, _loaded_at from {RAW}.clicks union select _load_id, _loaded_at"
    ((load_id, loaded_at),) = events.read(f"{loads} from {RAW}.cart")
    ((found, source, rows, tables, is_before),) = events.read(
        "select load_id, source, rows_inserted, tables, started_at <= %s from ops.load_manifest",
        loaded_at,
    )
    assert (found, source, rows, is_before) == (load_id, "events", 3, True)
    assert tables == {
        "cart": {"accepted": 1, "rejected": {}},
        "clicks": {"accepted": 2, "rejected": {}},
    }


def test_the_next_load_reads_what_is_new_and_nothing_else(events: EventLane) -> None:
    events.create("clicks", "cart")
    events.produce("clicks", map(click, range(500)), partition=1)
    assert events.load().accepted == 500
    loads = events.value("select count(*) from ops.load_manifest")
    assert events.load().total == 0
    assert events.value("select count(*) from ops.load_manifest") == loads
    events.produce("clicks", [click(501)], partition=1)
    assert events.load().accepted == 1
    events.produce("cart", [cart(1)])
    assert events.load().accepted == 1
    events.assert_exactly_once()


def test_empty_topics_are_done_at_once_and_leave_no_load(events: EventLane) -> None:
    events.create("clicks", "cart")
    assert events.load().total == 0
    assert events.value("select count(*) from ops.load_manifest") == 0
    assert set(events.positions().values()) == {0}


def test_many_batches_make_one_sequence(events: EventLane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.kafka.reader.BATCH_RECORDS", 100)
    monkeypatch.setattr("ingest.kafka.reader.CHUNK_RECORDS", 30)
    events.create("clicks")
    for partition in range(3):
        events.produce("clicks", map(click, range(1000)), partition=partition)
    assert events.load().accepted == 3000
    events.assert_exactly_once()
    loads = events.read("select load_id, rows_inserted from ops.load_manifest order by 1")
    assert len(loads) >= 3000 // 120 and sum(rows for _, rows in loads) == 3000
    assert events.value(
        "select bool_and(_load_id >= before) from (select _load_id, lag(_load_id) over"
        f" (partition by source_partition order by source_offset) as before from {RAW}.clicks) as x"
    )
