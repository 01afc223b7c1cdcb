"""`load changes`: Debezium's envelopes leave the tables that `load moodle` would have left."""

import json
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from event_lanes import EventLane
from moodle_sites import SMALL, Lane, create_tables, fill_small

from ingest.errors import UserError
from ingest.kafka.broker import EmbeddedBroker
from ingest.kafka.feeds import changes
from ingest.kafka.load import load_events
from ingest.kafka.summary import Tally
from ingest.moodle.changes import SWEEP_LOCK, TOPIC, UNCHANGED, last_states
from ingest.moodle.spec import read_spec

RECORDED = Path(__file__).parent / "debezium_recorded"
SPEC = read_spec()
Row = dict[str, Any]


def envelope(
    op: str, table: str, after: Row | None = None, before: Row | None = None, **more: Any
) -> bytes:
    """As Debezium's connectors write one, without the schema around it."""
    source = {"connector": "postgresql", "name": "moodle", "schema": "public", "table": table}
    record = {"before": before, "after": after, "op": op, "source": source, "ts_ms": 1, **more}
    return json.dumps(record).encode()


class ChangeLane(Lane):
    """A small Moodle that was loaded, and changes of it in Kafka."""

    kafka: EventLane

    def changes(self, **options: Any) -> Tally:
        self.said.clear()
        settings = self.settings(kafka_bootstrap_servers=self.kafka.bootstrap_servers)
        return load_events(settings, self.said.append, feed=changes(self.prefix), **options)

    def tell(self, *values: bytes | None, **more: Any) -> Tally:
        """Produce these records to one partition, and load them."""
        self.kafka.produce(TOPIC, values, **more)
        return self.changes()

    def course(self, number: int = 1) -> Row:
        """A row of Moodle's own table, as Debezium tells it."""
        with psycopg.connect(self.moodle) as conn:
            row = conn.execute("select to_jsonb(c) from mdl_course c where id = %s", [number])
            found: Row = row.fetchall()[0][0]
            return found


@pytest.fixture
def house(broker: EmbeddedBroker, database: Callable[[], str], tmp_path: Path) -> ChangeLane:
    moodle = database()
    with psycopg.connect(moodle) as conn:
        create_tables(conn, SMALL)
        fill_small(conn)
        conn.execute("update mdl_course set fullname = 'Course ' || id")
    lane = ChangeLane(moodle, database(), tmp_path)
    lane.kafka = EventLane(broker.bootstrap_servers, lane.warehouse, tmp_path)
    lane.kafka.create(TOPIC, partitions=2)
    lane.load()
    return lane


def column(house: ChangeLane, name: str, table: str = "course") -> dict[int, Any]:
    return dict(house.read(f"select id, {name} from mdl_{table}"))


def test_rows_that_were_inserted_updated_and_deleted_are_as_a_load_makes_them(
    house: ChangeLane,
) -> None:
    row = house.course()
    before = house.value("select max(_load_id) from mdl_course")
    new = row | {"id": 9_000, "shortname": "NEW"}
    house.tell(
        envelope("c", "mdl_course", new),
        envelope("u", "mdl_course", new | {"shortname": "NEWER"}, new),
        envelope("u", "mdl_course", row | {"fullname": "Renamed"}, row),
        envelope("d", "mdl_course", before={"id": 2} | dict.fromkeys(row.keys() - {"id"})),
    )
    assert column(house, "shortname")[9_000] == "NEWER"
    assert column(house, "fullname")[1] == "Renamed"
    gone = {id_ for id_, at in column(house, "_deleted_at").items() if at is not None}
    assert gone == {2}
    # the deleted row is as it was, but for its mark
    assert column(house, "fullname")[2] == "Course 2"
    touched = {id_ for id_, load in column(house, "_load_id").items() if load > before}
    assert touched == {1, 2, 9_000}


def recorded(name: str) -> list[tuple[bytes | None, bytes | None]]:
    """Key and value of records that a real Debezium sent, of a part of the sample site."""
    lines = [json.loads(line) for line in (RECORDED / name).read_text().splitlines()]
    return [
        (line["key"] and line["key"].encode(), line["value"] and json.dumps(line["value"]).encode())
        for line in lines
    ]


def test_what_a_real_connector_sent_is_understood(
    house: ChangeLane, database: Callable[[], str], tmp_path: Path
) -> None:
    """Recorded from Debezium 3.5 on Postgres: a snapshot, a heartbeat, and every kind of change."""
    empty = ChangeLane(house.moodle, database(), tmp_path)
    empty.kafka = EventLane(house.kafka.bootstrap_servers, empty.warehouse, tmp_path)
    records = recorded("postgres.jsonl")
    for key, value in records:
        empty.kafka.produce(TOPIC, [value], key=key)
    tally = empty.changes()
    assert (tally.accepted, tally.rejected.total()) == (len(records), 0)
    assert empty.read("select id, fullname from mdl_course") == [(2, "Renamed")]
    # Postgres logs no more than the key of a row that is gone: the rest is what the snapshot told
    gone = "select id, enrolid, status from mdl_user_enrolments where _deleted_at is not null"
    snapshot = [json.loads(value or b"") for _, value in records]
    told = [
        (one["after"]["id"], one["after"]["enrolid"], one["after"]["status"])
        for one in snapshot
        if one.get("op") == "r" and one["source"]["table"] == "mdl_user_enrolments"
    ]
    assert sorted(empty.read(gone)) == sorted(told) and len(told) == 3
    categories = dict(empty.read("select id, _deleted_at is null from mdl_course_categories"))
    assert categories == {**dict.fromkeys(range(1, 10), True), 9000: False, 9001: True}
    # an update of the name left the long text alone, and says so by a placeholder
    assert any(UNCHANGED.encode() in (value or b"") for _, value in records)
    sections = dict(empty.read("select id, name from mdl_course_sections"))
    assert sections[1] == "Named"
    assert (
        empty.value("select count(*) from mdl_course_sections where availability like '__deb%'")
        == 0
    )
    # decimals as they are, and nulls although the column has a default
    assert str(empty.value("select grademax from mdl_grade_items")).count("0") >= 5
    keys = "select count(*) from information_schema.columns where table_schema = 'raw_moodle'"
    assert empty.value(f"{keys} and column_name in ('password', 'secret')") == 0


def test_what_is_told_again_touches_nothing(house: ChangeLane) -> None:
    row = house.course()
    told = [
        envelope("u", "mdl_course", row | {"fullname": "Renamed"}),
        envelope("d", "mdl_course", before={"id": 2}),
    ]
    house.tell(*told)
    before = house.state("course")
    assert house.tell(*told).accepted == 2
    assert house.state("course") == before


def test_a_snapshot_of_everything_equals_a_load_of_everything(
    house: ChangeLane, database: Callable[[], str], tmp_path: Path
) -> None:
    """Into an empty warehouse, in any order and with copies, as a connector that restarts sends."""
    records = []
    with psycopg.connect(house.moodle) as conn:
        for name in SMALL:
            rows = conn.execute(f"select to_jsonb(t) from mdl_{name} t".encode()).fetchall()
            records += [envelope("r", f"mdl_{name}", row) for (row,) in rows]
    random.Random(8).shuffle(records)  # noqa: S311
    loaded = {name: house.read(_values_of(name)) for name in SMALL}
    empty = ChangeLane(house.moodle, database(), tmp_path)
    empty.kafka = EventLane(house.kafka.bootstrap_servers, empty.warehouse, tmp_path)
    assert empty.tell(*records, *records[:50]).accepted == len(records) + 50
    for name in SMALL:
        assert empty.read(_values_of(name)) == loaded[name], name
    # and a load afterwards finds nothing to correct
    assert empty.load().total == 0


def _values_of(name: str) -> str:
    columns = ", ".join(f"{column}::text" for column in SPEC[name].columns)
    return f"select {columns} from mdl_{name} order by id"


def test_tombstones_heartbeats_and_tables_nobody_loads_are_passed_over(house: ChangeLane) -> None:
    before = house.state("course")
    tally = house.tell(
        None,
        b'{"ts_ms": 1764130000000}',
        envelope("c", "mdl_sessions", {"id": 1, "sid": "secret"}),
        envelope("c", "other_course", {"id": 1}),
    )
    assert (tally.accepted, tally.rejected.total()) == (3, 0)
    assert house.state("course") == before
    # a heartbeat says that all is well: the load counts
    sources = house.read("select source from ops.load_manifest order by load_id desc limit 1")
    assert sources == [("moodle",)]
    assert house.changes().total == 0


def test_an_envelope_with_its_schema_around_it_is_read_too(house: ChangeLane) -> None:
    inner = json.loads(envelope("u", "mdl_course", house.course() | {"fullname": "Wrapped"}))
    house.tell(json.dumps({"schema": {"type": "struct"}, "payload": inner}).encode())
    assert column(house, "fullname")[1] == "Wrapped"


def test_a_long_text_that_was_left_alone_stays(house: ChangeLane) -> None:
    """Postgres does not log it: Debezium sends a placeholder."""
    row = house.course()
    house.tell(
        envelope("u", "mdl_course", row | {"fullname": UNCHANGED, "shortname": "S"}),
        envelope("u", "mdl_course", row | {"fullname": "Now told", "shortname": UNCHANGED}),
    )
    found = house.read("select fullname, shortname from mdl_course where id = 1")
    assert found == [("Now told", "S")]
    house.tell(envelope("u", "mdl_course", row | {"fullname": UNCHANGED, "shortname": "T"}))
    found = house.read("select fullname, shortname from mdl_course where id = 1")
    assert found == [("Now told", "T")]


def test_secrets_that_arrive_all_the_same_are_not_kept(house: ChangeLane) -> None:
    user = {"id": 900, "username": "u", "password": "hunter2", "secret": "s", "phone1": "1"}
    house.tell(envelope("c", "mdl_user", user))
    (kept,) = house.read("select to_jsonb(u) from mdl_user u where id = 900")[0]
    assert kept["username"] == "u"
    assert "hunter2" not in json.dumps(kept) and "phone1" not in kept


def test_rows_that_moodle_prunes_are_kept(house: ChangeLane) -> None:
    assert not SPEC["notifications"].sweep
    first = house.value("select min(id) from mdl_notifications")
    house.tell(envelope("d", "mdl_notifications", before={"id": first}))
    assert house.value("select count(*) from mdl_notifications where _deleted_at is not null") == 0


def test_of_a_table_that_is_read_in_part_only_that_part_lands() -> None:
    wanted = SPEC["config"].only
    assert wanted is not None
    rows = [
        {"id": 1, "name": wanted.values[0], "value": "7"},
        {"id": 2, "name": "supersecret", "value": "x"},
    ]
    found = last_states("mdl_", SPEC, [envelope("c", "mdl_config", row) for row in rows])
    assert set(found["config"]) == {1}


def test_broken_envelopes_become_dead_letters_and_nothing_waits_for_them(house: ChangeLane) -> None:
    row = house.course()
    tally = house.tell(
        b"not json",
        envelope("t", "mdl_course"),
        envelope("u", "mdl_course", {"fullname": "no id"}),
        envelope("d", "mdl_course", before=None),
        envelope("u", "mdl_course", row | {"id": 2, "timecreated": "no number"}),
        envelope("u", "mdl_course", row | {"fullname": "Fine"}),
    )
    assert tally.rejected == {"not_json": 1, "contract": 3, "unstorable": 1}
    assert column(house, "fullname")[1] == "Fine"
    letters = house.read("select topic, reason from raw_events.dead_letter order by source_offset")
    assert {topic for topic, _ in letters} == {TOPIC}
    assert not any("no number" in reason for _, reason in letters)


def test_changes_wait_for_a_load_that_reads_moodle(house: ChangeLane) -> None:
    """What a load read before must not overwrite what changed meanwhile."""
    house.kafka.produce(TOPIC, [envelope("u", "mdl_course", house.course() | {"fullname": "New"})])
    with psycopg.connect(house.warehouse, autocommit=True) as sweep:
        sweep.execute("select pg_advisory_lock(hashtext(%s))", [SWEEP_LOCK])
        reader = threading.Thread(target=house.changes)
        reader.start()
        waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        while sweep.execute(waiting).fetchone() == (0,):
            assert reader.is_alive()
        assert column(house, "fullname")[1] != "New"
    reader.join()
    assert column(house, "fullname")[1] == "New"


def test_positions_and_rows_are_stored_together(house: ChangeLane) -> None:
    """A twin that has stored the same batch first leaves nothing to store."""
    house.kafka.produce(TOPIC, [envelope("c", "mdl_course", house.course() | {"id": 9_001})])
    twins = [threading.Thread(target=house.changes) for _ in range(2)]
    for twin in twins:
        twin.start()
    for twin in twins:
        twin.join()
    assert house.value("select count(*) from mdl_course where id = 9001") == 1
    assert house.value("select sum(next_offset) from ops.kafka_position") == 1


def test_before_anything_is_captured_the_command_says_what_to_do(
    house: ChangeLane, new_broker: Callable[[], EmbeddedBroker]
) -> None:
    house.kafka.bootstrap_servers = new_broker().bootstrap_servers
    with pytest.raises(UserError, match="`coursehouse connect apply` creates them"):
        house.changes()
