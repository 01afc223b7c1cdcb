"""`load events` against a real broker and a real Postgres: what goes where, and what it says."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Producer
from event_lanes import EventLane, cart, click

from ingest.errors import UserError
from ingest.events.contracts import MAX_RECORD_BYTES
from ingest.kafka import store
from ingest.kafka.reader import Reader, TopicState

RAW = "raw_events"


def unstorable(number: int) -> bytes:
    """A record that keeps its contract and that jsonb cannot hold."""
    return click(number).replace(b"null", b'null,"x":1e-400000')


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


def test_what_breaks_its_contract_goes_to_the_dead_letters_and_stops_nothing(
    events: EventLane,
) -> None:
    secret = "erika@example.org"
    events.create("clicks", "cart")
    bad: dict[str, list[bytes | None]] = {
        "tombstone": [None, None],
        "not_utf8": [b'{"page": "\xff"}'],
        "not_json": [b"", b"{", secret.encode()],
        "too_large": [click(1, page="x" * MAX_RECORD_BYTES)],
        "contract": [b"7", b"{}", click(2, ts=secret), click(3, page=[secret])],
        "unstorable": [click(4, page="\0"), unstorable(5)],
    }
    for values in bad.values():
        events.produce("clicks", [click(10), *values, click(11)], key=b"k\xff", partition=2)
    events.produce("cart", map(cart, range(5)))
    tally = events.load()
    counts = {name: len(values) for name, values in bad.items()}
    assert tally.as_json()["topics"] == {
        "cart": {"accepted": 5, "rejected": {}},
        "clicks": {"accepted": 12, "rejected": counts},
    }
    assert dict(tally.rejected) == counts
    events.assert_exactly_once()
    letters = events.read(
        "select error_class, payload, topic, lane, source_partition, key, contract_version,"
        " _load_id, attempts, replayed_at, produced_at is not null, reason"
        f" from {RAW}.dead_letter order by source_offset"
    )
    assert [letter[:2] for letter in letters] == [
        (name, value) for name, values in bad.items() for value in values
    ]
    load_id = events.value("select max(load_id) from ops.load_manifest")
    assert {letter[2:11] for letter in letters} == {
        ("clicks", "kafka", 2, b"k\xff", "1.0.0", load_id, 1, None, True)
    }
    assert not [letter for letter in letters if secret in letter[-1]]


def test_the_record_postgres_cannot_store_is_found_among_thousands(events: EventLane) -> None:
    """The contract lets the number through, jsonb does not: the rest of the batch is stored."""
    culprits = {777, 778, 1999}
    events.create("clicks")
    values = [unstorable(i) if i in culprits else click(i) for i in range(2000)]
    events.produce("clicks", values)
    tally = events.load()
    assert (tally.accepted, dict(tally.rejected)) == (1997, {"unstorable": 3})
    events.assert_exactly_once()
    letters = f"select source_offset, reason from {RAW}.dead_letter order by 1"
    reason = "Postgres cannot store it: NumericValueOutOfRange (22003)"
    assert events.read(letters) == [(offset, reason) for offset in sorted(culprits)]
    assert events.value(f"select count(*) from {RAW}.clicks where payload ? 'x'") == 0


def test_a_topic_may_come_later(events: EventLane) -> None:
    events.create("clicks")
    events.produce("clicks", [click(1)])
    assert events.load("clicks", "cart").accepted == 1
    assert events.said == ["not in Kafka (yet): cart"]
    events.create("cart")
    events.produce("cart", [cart(1)])
    assert events.load("clicks", "cart").accepted == 1
    assert events.said == []
    events.assert_exactly_once()


def test_a_partition_may_come_later(events: EventLane, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read from its beginning. (The test's broker cannot add one: it is hidden at first.)"""
    events.create("clicks", partitions=3)
    events.produce("clicks", map(click, range(10)))
    real = Reader.discover

    def hide_one(reader: Reader, names: list[str]) -> dict[str, TopicState]:
        return {
            name: replace(topic, partitions=topic.partitions[:-1])
            for name, topic in real(reader, names).items()
        }

    with monkeypatch.context() as patched:
        patched.setattr(Reader, "discover", hide_one)
        assert events.load().accepted == 10
        events.produce("clicks", map(click, range(5)), partition=2)
        assert events.load().accepted == 0
    assert events.load().accepted == 5
    events.assert_exactly_once()


def test_only_the_named_topics_are_read(events: EventLane) -> None:
    events.create("clicks", "cart")
    events.produce("clicks", [click(1)])
    events.produce("cart", [cart(1)])
    assert set(events.load("cart").as_json()["topics"]) == {"cart"}
    assert events.load().accepted == 1
    events.assert_exactly_once()


def test_marks_of_transactions_are_behind_us_too(events: EventLane) -> None:
    """Else retention of nothing but such a mark would look like a loss."""
    events.create("clicks")
    producer = Producer(
        {"bootstrap.servers": events.bootstrap_servers, "transactional.id": "shop", "log_level": 0}
    )
    producer.init_transactions(30)
    for i in range(3):
        producer.begin_transaction()
        producer.produce("clicks", click(i), partition=0)
        producer.commit_transaction(30)
    assert events.load().accepted == 3
    offsets = [offset for (offset,) in events.read(f"select source_offset from {RAW}.clicks")]
    assert events.positions()["clicks", 0] == max(offsets) + 2
    assert events.load().total == 0


def test_rows_land_in_the_partition_of_their_day(
    events: EventLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    events.create("clicks")
    days = [datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)]
    for day in days:
        monkeypatch.setattr(store, "now", lambda day=day: day)
        events.produce("clicks", [click(1)])
        events.load()
    rows = f"select tableoid::regclass::text, _loaded_at from {RAW}.clicks order by source_offset"
    assert events.read(rows) == [
        ("raw_events.clicks_20251231", days[0]),
        ("raw_events.clicks_20260101", days[1]),
    ]


def test_a_load_over_midnight_makes_the_next_day_first(
    events: EventLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.kafka.reader.BATCH_RECORDS", 10)
    monkeypatch.setattr("ingest.kafka.reader.CHUNK_RECORDS", 10)
    midnight = datetime(2026, 1, 1, tzinfo=UTC)
    clock = (midnight + timedelta(seconds=s) for s in range(-3, 100))
    monkeypatch.setattr(store, "now", lambda: next(clock))
    events.create("clicks")
    events.produce("clicks", map(click, range(60)))
    events.load()
    events.assert_exactly_once()
    days = f"select count(distinct tableoid) from {RAW}.clicks"
    assert events.value(days) == 2


def test_a_wrong_topic_is_named(events: EventLane) -> None:
    with pytest.raises(UserError, match="there is no topic klicks: choose from user"):
        events.load("klicks")


def test_a_cluster_without_our_topics_says_how_to_make_them(events: EventLane) -> None:
    with pytest.raises(UserError) as failed:
        events.load("clicks", "cart")
    assert str(failed.value) == (
        "Kafka has none of the topics clicks, cart: `coursehouse topics apply` creates them"
    )


def test_the_command_sums_up(events: EventLane) -> None:
    events.create("clicks", "cart")
    events.produce("clicks", [click(1), b"{}", None])
    events.produce("cart", map(cart, range(1200)))
    done = events.command("load", "events", "--topics", "clicks,cart")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "cart: 1,200 accepted, 0 rejected",
        "clicks: 1 accepted, 2 rejected (contract 1, tombstone 1)",
        "events loaded: 1,201 accepted, 2 rejected (contract 1, tombstone 1)",
    ]
    events.produce("clicks", [click(2)])
    done = events.command("load", "events", "--until-caught-up", "--json")
    assert json.loads(done.stdout) == {
        "accepted": 1,
        "rejected": {},
        "topics": {"clicks": {"accepted": 1, "rejected": {}}},
    }
    assert done.stderr.startswith("not in Kafka (yet): ")
    done = events.command("load", "events", "--until-caught-up", "--follow")
    assert done.returncode == 1
    assert done.stderr == "coursehouse: --until-caught-up ends and --follow does not: choose one\n"
    events.assert_exactly_once()
