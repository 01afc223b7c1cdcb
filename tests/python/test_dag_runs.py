"""Real runs of the DAGs that test_airflow.py does not run, each once and to its end."""

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from airflow_runner import Airflow, read_project, variables
from event_house import House, kafka_records
from moodle_sites import Lane

from ingest.settings import PROJECT_DIR

RUN_AT = "2026-10-31"
SOURCES = PROJECT_DIR / "target" / "freshness" / "sources.json"


def run(airflow: Airflow, dag: str, *options: str, **given: str) -> str:
    """What a run says that has to go well."""
    done = airflow.command("dags", "test", dag, RUN_AT, *options, **given)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-6000:]
    return said


def test_an_hour_builds_and_looks_how_fresh_its_sources_are(airflow: Airflow, lane: Lane) -> None:
    """Here of a warehouse that has events, and nothing else."""
    House(lane.warehouse, lane.home).arrive("user.events", kafka_records(1, 9), datetime.now(UTC))
    read_project(lane.warehouse)
    given = variables(lane, "dim_device")
    del given["COURSEHOUSE_MOODLE_DSN"]
    SOURCES.unlink(missing_ok=True)
    # what is evaluated for alerts takes a build of its own: test_alerts.py runs the command
    run(airflow, "hourly_analytics_etl", "--mark-success-pattern", "^alert$", **given)
    with psycopg.connect(lane.warehouse) as conn:
        built = conn.execute("select status, models, tests > 0 from ops.build_run").fetchall()
    assert built == [("ok", 1, True)]
    told = {one["unique_id"]: one["status"] for one in json.loads(SOURCES.read_text())["results"]}
    for source in ("events.user_events", "moodle.mdl_user", "stripe.events"):
        assert f"source.coursehouse.{source}" in told
    assert set(told.values()) == {"pass"}, told


@pytest.mark.thorough  # test_archive.py has the command, test_airflow.py the call
def test_a_backfill_brings_back_what_the_month_has_archived_and_dropped(
    airflow: Airflow, lane: Lane
) -> None:
    house = House(lane.warehouse, lane.home)
    arrived_at = datetime.now(UTC) - timedelta(days=800)  # longer ago than any topic keeps
    house.arrive("user.events", kafka_records(1, 9), arrived_at)
    before = house.content()
    read_project(lane.warehouse)
    given = variables(lane, "dim_device") | {"COURSEHOUSE_ARCHIVE_URL": str(lane.home / "archive")}
    run(airflow, "monthly_maintenance", "--mark-success-pattern", "^alert$", **given)
    assert (len(before), house.content()) == (9, [])
    day = arrived_at.date().isoformat()
    conf = {"from": day, "to": day, "topics": "user.events", "marts": "dim_device"}
    run(airflow, "backfill_analytics", "--conf", json.dumps(conf), **given)
    assert house.content() == before
    assert house.value("select count(*) from marts_engagement.dim_device") > 0
    # once by the backfill with what hangs together, once by the build behind it
    assert house.read("select status, models from ops.build_run") == [("ok", 1)] * 2
