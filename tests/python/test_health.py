"""The health check of containers that follow topics: it fails when what they do fails."""

import subprocess
import sys
import time

import pytest
from event_lanes import EventLane

from ingest.metrics import LOAD_LAST_SUCCESS
from ingest.monitoring.health import STALE_SECONDS, ailing
from ingest.monitoring.rules import read_rules
from ingest.warehouse.session import warehouse

BOTH = ["events", "stream"]
SUCCESS = """
insert into ops.metric_sample (metric, labels, value)
values (%s, jsonb_build_object('source', %s::text), %s)
"""


@pytest.fixture
def house(events: EventLane) -> EventLane:
    """What loads expect, and no sign of life."""
    with warehouse(events.settings()):
        return events


def succeeded(house: EventLane, source: str, seconds_ago: float) -> None:
    with house.connect() as conn:
        conn.execute(SUCCESS, [LOAD_LAST_SUCCESS.sample, source, time.time() - seconds_ago])


def test_who_did_what_it_is_for_within_five_minutes_is_well(house: EventLane) -> None:
    assert ailing(house.settings(), BOTH) == BOTH
    succeeded(house, "events", 10)
    succeeded(house, "stream", STALE_SECONDS + 10)  # it runs, and each of its cycles fails
    assert ailing(house.settings(), BOTH) == ["stream"]
    command = [sys.executable, "-m", "ingest.monitoring.health"]
    checks = [
        subprocess.run(
            [*command, source], env=house.environment(), capture_output=True, text=True, check=False
        )
        for source in BOTH
    ]
    assert [check.returncode for check in checks] == [0, 1]
    assert checks[1].stderr == "no success within 300 s: stream\n"


def test_the_limit_is_that_of_the_alert() -> None:
    (rule,) = [rule for rule in read_rules() if rule.rule == "stream_stale"]
    assert rule.threshold == STALE_SECONDS
