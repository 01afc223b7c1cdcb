"""Raw events are dropped by the day, without waiting in front of whoever reads."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from event_lanes import EventLane

from ingest.archive.write import archive
from ingest.events import raw, retention
from ingest.events.contracts import Rejection
from ingest.events.raw import Record, Sorted
from ingest.events.topics import topics
from ingest.warehouse.bootstrap import bootstrap
from ingest.warehouse.manifest import record_load
from ingest.warehouse.merge import Counts

TODAY = date(2026, 6, 15)
CLICKS, PROCTORING = topics()["clicks"], topics()["proctoring.violations"]
OLD = (PROCTORING, CLICKS)  # in the order of the registry


@pytest.fixture
def aged(events: EventLane) -> EventLane:
    """A row and a dead letter on each of four days, of which the first (offset 3) is too old."""
    with events.connect() as conn:
        bootstrap(conn)
        for topic in OLD:
            for age in range(4):
                day = TODAY - timedelta(days=topic.raw_retention_days - 2 + age)
                with conn.transaction():
                    raw.ensure_partition(conn, topic, day)
                record = Record(0, age, None, b"{}", None)
                rows = Sorted([record], [(record, Rejection("contract", "a test"))])
                at = datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC)
                raw.append(conn, topic, "kafka", rows, 1, at)
        day = TODAY
        with conn.transaction():
            raw.ensure_partition(conn, CLICKS, day)
        record_load(conn, 1, "events", Counts(8), at, {})
    return events


def drop(events: EventLane, say: list[str] | None = None, *, only_archived: bool = False) -> int:
    say = [] if say is None else say
    with events.connect() as conn:
        return retention.drop_expired(conn, say.append, TODAY, only_archived=only_archived)


def arrive(events: EventLane, day: date, offset: int, load_id: int, source: str) -> None:
    """A click that arrives on `day`."""
    at = datetime.combine(day, time(12), UTC)
    with events.connect() as conn, conn.transaction():
        raw.ensure_partition(conn, CLICKS, day)
        rows = Sorted([Record(0, offset, None, b"{}", None)], [])
        raw.append(conn, CLICKS, "kafka", rows, load_id, at)
        record_load(conn, load_id, source, Counts(1), at, {})


def kept(events: EventLane, table: str) -> list[int]:
    rows = events.read(f"select source_offset from raw_events.{table} order by source_offset")
    return [offset for (offset,) in rows]


def test_days_older_than_the_registry_says_go_and_their_dead_letters(aged: EventLane) -> None:
    assert drop(aged) == 2
    assert kept(aged, "clicks") == kept(aged, "proctoring_violations") == [0, 1, 2]
    assert drop(aged) == 0


def test_a_day_that_was_detached_but_not_dropped_goes_with_the_next_run(aged: EventLane) -> None:
    name = f"clicks_{TODAY - timedelta(days=CLICKS.raw_retention_days + 1):%Y%m%d}"
    with aged.connect() as conn:
        conn.execute(f"alter table raw_events.clicks detach partition raw_events.{name}")
    assert drop(aged) == 2
    assert aged.value("select to_regclass(%s) is null", f"raw_events.{name}")


def test_a_day_that_is_being_read_waits_and_makes_nobody_wait(
    aged: EventLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "LOCK_WAIT", "200ms")
    said: list[str] = []
    with aged.connect() as reader, aged.connect() as writer, reader.transaction():
        count = "select count(*) from raw_events.clicks"
        assert reader.execute(count).fetchone() == (4,)
        assert drop(aged, said) == 1  # the other topic's
        assert len(said) == 1 and said[0].endswith(" is being read, it goes next time")
        assert reader.execute(count).fetchone() in [(4,), (3,)]
        writer.execute("set lock_timeout = '1s'")
        rows = Sorted([Record(0, 9, None, b"{}", None)], [])
        raw.append(writer, CLICKS, "kafka", rows, 2, datetime(2026, 6, 15, tzinfo=UTC))
        assert kept(aged, "clicks") == [0, 1, 2, 9]
    assert drop(aged, said) == 1
    assert len(said) == 1


def test_the_command_drops_them(aged: EventLane) -> None:
    """Long after TODAY everything but the last days of what is kept longer is gone."""
    done = aged.command("retention")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("retention: ")
    total = 8 - len(kept(aged, "clicks")) - len(kept(aged, "proctoring_violations"))
    assert done.stdout.splitlines()[-1] == f"retention: {total:,} days of raw events dropped"


def test_days_the_archive_lacks_stay_and_so_do_their_dead_letters(aged: EventLane) -> None:
    said: list[str] = []
    assert drop(aged, said, only_archived=True) == 0
    too_old = [TODAY - timedelta(days=topic.raw_retention_days + 1) for topic in OLD]
    assert said == [
        f"{topic.topic} stays from {day} on, not archived yet: `coursehouse archive`"
        for topic, day in zip(OLD, too_old, strict=True)
    ]
    assert kept(aged, "clicks") == kept(aged, "proctoring_violations") == [0, 1, 2, 3]
    assert len(kept(aged, "dead_letter")) == 8
    archive(aged.settings(), lambda _: None)
    said.clear()
    assert drop(aged, said, only_archived=True) == 2
    assert said == []
    assert kept(aged, "clicks") == kept(aged, "proctoring_violations") == [0, 1, 2]
    assert len(kept(aged, "dead_letter")) == 6


def test_of_expired_days_those_before_the_first_unarchived_one_go(aged: EventLane) -> None:
    archive(aged.settings(), lambda _: None)
    too_old = TODAY - timedelta(days=CLICKS.raw_retention_days + 1)
    arrive(aged, too_old - timedelta(days=2), 4, 2, "backfill")  # it came from the archive
    arrive(aged, too_old - timedelta(days=1), 5, 3, "replay")
    assert drop(aged, only_archived=True) == 2  # the backfilled one, and the other topic's
    assert kept(aged, "clicks") == [0, 1, 2, 3, 5]
    archive(aged.settings(), lambda _: None)
    assert drop(aged, only_archived=True) == 2
    assert kept(aged, "clicks") == [0, 1, 2]


def test_the_command_asks_for_the_archive_where_there_is_one(
    aged: EventLane, tmp_path: Path
) -> None:
    with_archive = {"archive_url": tmp_path / "lake"}
    done = aged.invoke("retention", **with_archive)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == "retention: 0 days of raw events dropped"
    assert "clicks stays from " in done.stdout
    assert aged.invoke("archive", **with_archive).exit_code == 0
    # it need not be told again that there is one
    arrive(aged, date(2020, 1, 1), 4, 2, "events")
    assert "clicks stays from 2020-01-01 on" in aged.invoke("retention").stdout
    assert aged.invoke("archive", **with_archive).exit_code == 0
    assert "stays" not in aged.invoke("retention").stdout
    assert 4 not in kept(aged, "clicks")
