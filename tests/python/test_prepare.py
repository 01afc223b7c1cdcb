"""`coursehouse prepare`: a first start has what it needs, a later one finds it there."""

from typing import Any

import pytest
from event_lanes import EventLane
from moodle_sites import Lane

from ingest import build_marts
from ingest.build import BuildResult
from ingest.prepare import BUILT

MADE = BUILT.partition(".")[0], BUILT


@pytest.fixture
def house(events: EventLane, lane: Lane) -> EventLane:
    """A cluster without topics, an empty warehouse, a small Moodle."""
    events.warehouse = lane.warehouse
    return events


@pytest.fixture
def builds(house: EventLane, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the next builds make; a test of each fails. dbt itself has its own tests."""
    waiting: list[str] = []

    class Dbt:
        def build(self, *_: Any, **__: Any) -> BuildResult:
            with house.connect() as conn:
                conn.execute(waiting.pop(0))  # nobody may build once more
            return BuildResult(failures=["a_sum_is_wrong: 1 row"])

    monkeypatch.setattr(build_marts, "Dbt", Dbt)
    return waiting


def test_topics_moodle_and_marts_are_made_once(
    house: EventLane, lane: Lane, builds: list[str]
) -> None:
    builds.append(f"create schema {MADE[0]}; create table {MADE[1]} ()")
    first = house.invoke("prepare", moodle_dsn=lane.moodle)
    assert first.exit_code == 0, first.output
    assert "0 of " in first.output and "topics were as registered" in first.output
    assert "Moodle loaded" in first.output
    assert "going on with what was built: 1 models or tests failed" in first.output
    loads = "select count(*) from ops.load_run"
    assert (lane.value("select count(*) > 0 from mdl_user"), house.value(loads)) == (True, 1)
    again = house.invoke("prepare")  # whoever has it all need not even name a Moodle
    assert again.exit_code == 0, again.output
    assert "create with" not in again.output and "Moodle loaded" not in again.output
    assert again.output.endswith("ready\n")
    assert house.value(loads) == 1


def test_without_marts_nothing_may_start(house: EventLane, lane: Lane, builds: list[str]) -> None:
    builds.append("select 'a model that all others read failed'")
    failed = house.invoke("prepare", moodle_dsn=lane.moodle)
    assert failed.exit_code == 1
    assert "ready" not in failed.output
    assert "1 models or tests failed" in str(failed.exception)


def test_whoever_names_no_moodle_is_asked_for_it(house: EventLane) -> None:
    failed = house.invoke("prepare", moodle_dsn="")
    assert failed.exit_code == 1
    assert "set COURSEHOUSE_MOODLE_DSN" in str(failed.exception)
