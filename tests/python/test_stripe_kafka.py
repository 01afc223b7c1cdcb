"""Stripe's webhooks by way of Kafka: the topic, and the loader that lands it in the same table."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from collector_process import CollectorProcess, environment_of
from event_lanes import EventLane
from stripe_events import SECRET, body_of, deliver, signature, snapshot, thin

from ingest.warehouse.bootstrap import bootstrap

TOPIC = "stripe.events"
REFUSE = """
with gone as (delete from raw_stripe.events returning *),

kept as (
    insert into raw_events.dead_letter (
        topic, lane, source_partition, source_offset, payload,
        error_class, reason, _load_id, _loaded_at
    )
    select
        'stripe.events', lane, 0, 1, body,
        'contract', 'too strict', _load_id, _loaded_at
    from gone
    returning 1
)

table kept
"""
Start = Callable[..., CollectorProcess]


@pytest.fixture
def start(events: EventLane, free_port: Callable[[], int], tmp_path: Path) -> Iterator[Start]:
    """Starts a collector that keeps records in Kafka, or wherever `sink` says."""
    running: list[CollectorProcess] = []

    def begin(sink: str = "kafka") -> CollectorProcess:
        home = tmp_path / str(len(running))
        home.mkdir()
        environment = environment_of(events.warehouse, home, sink=sink) | {
            "COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS": events.bootstrap_servers,
            "COURSEHOUSE_STRIPE_WEBHOOK_SECRETS": SECRET,
        }
        running.append(CollectorProcess(free_port(), home, environment))
        return running[-1].start()

    assert events.command("topics", "apply").returncode == 0
    yield begin
    for one in running:
        one.stop(signal.SIGKILL)


def stored(events: EventLane) -> dict[str, bytes]:
    rows = events.read("select event_id, body from raw_stripe.events where lane = 'kafka'")
    return {event_id: bytes(body) for event_id, body in rows}


def test_what_was_signed_passes_through_kafka_byte_for_byte(
    events: EventLane, start: Start
) -> None:
    collector = start()
    sent = [snapshot(), thin(), snapshot(padding="x" * 990_000)]
    bodies = {event["id"]: body_of(event).replace(b"2026", b"202\\u0036") for event in sent}
    for body in bodies.values():
        assert deliver(collector, body).status_code == 202
    tally = events.load(TOPIC)
    assert tally.as_json()["topics"] == {TOPIC: {"accepted": 3, "rejected": {}}}
    assert stored(events) == bodies
    ((version, account),) = events.read(
        "select max(api_version), max(account) from raw_stripe.events"
    )
    assert (version, account) == ("2026-10-28.endive", "acct_9")
    loaded = "select _load_id, count(*) from raw_stripe.events group by 1 order by 1"
    manifest = "select load_id, rows_inserted from ops.load_manifest order by 1"
    assert events.read(loaded) == events.read(manifest)


def test_what_is_refused_never_reaches_kafka(events: EventLane, start: Start) -> None:
    collector = start()
    body = body_of(snapshot())
    assert deliver(collector, body, signature(body, "whsec_of-somebody-else")).status_code == 400
    assert deliver(collector, b"[]").status_code == 400
    assert events.load(TOPIC).total == 0


def test_an_event_is_one_row_however_it_came_and_how_often(events: EventLane, start: Start) -> None:
    with events.connect() as conn:
        bootstrap(conn)
    by_kafka, by_http = start(), start("postgres")
    first, second = snapshot(), snapshot()
    assert deliver(by_http, body_of(first)).status_code == 202
    for event in (second, first, second):
        assert deliver(by_kafka, body_of(event)).status_code == 202
    events.load(TOPIC)
    assert deliver(by_http, body_of(second)).status_code == 202
    assert deliver(by_kafka, body_of(second)).status_code == 202
    assert events.load(TOPIC).accepted == 1
    rows = events.read("select event_id, lane from raw_stripe.events")
    assert sorted(rows) == sorted([(first["id"], "http"), (second["id"], "kafka")])
    assert events.value("select sum(rows_inserted) from ops.load_manifest") == 2


def test_what_is_no_event_of_stripe_becomes_a_dead_letter_and_the_others_land(
    events: EventLane,
) -> None:
    events.create(TOPIC)
    good = [body_of(snapshot()) for _ in range(4)]
    unstorable = good[3].replace(b'"balance": 0', b'"balance": 1e-400000')
    others = [None, b"jane", b"[]", b'{"id": "jane"}', body_of(snapshot(type="jane\0")), unstorable]
    events.produce(TOPIC, [good[0], *others[:3], good[1], *others[3:], good[2]])
    assert events.load().as_json()["topics"][TOPIC] == {
        "accepted": 3,
        "rejected": {"contract": 2, "not_json": 1, "tombstone": 1, "unstorable": 2},
    }
    assert sorted(stored(events).values()) == sorted(good[:3])
    letters = events.read(
        "select payload, reason from raw_events.dead_letter where topic = %s", TOPIC
    )
    assert {payload and bytes(payload) for payload, _ in letters} == set(others)
    assert not any("jane" in reason for _, reason in letters)
    assert events.load().total == 0


def test_dead_letters_of_stripe_are_replayed_byte_for_byte(events: EventLane) -> None:
    events.create(TOPIC)
    body = body_of(snapshot())
    events.produce(TOPIC, [b"[]", body])
    events.load()
    events.read(REFUSE)  # as if an earlier version of the contract had refused it
    replayed = events.command("replay", "--topics", TOPIC)
    assert replayed.returncode == 0, replayed.stderr
    assert "1 accepted, 1 refused" in replayed.stdout
    assert list(stored(events).values()) == [body]
    newest = events.value("select max(load_id) from ops.load_manifest")
    assert events.value("select _load_id from raw_stripe.events") == newest
    again = events.command("replay", "--topics", TOPIC)
    assert "0 accepted, 1 refused" in again.stdout
