"""The operations mart over real loads and builds, and what `coursehouse status` makes of it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import psycopg
import pytest
import yaml
from event_house import House, kafka_records
from rich.console import Console
from warehouse_fixtures import Warehouse

from ingest.alerts.evaluate import OBSERVE
from ingest.events.retention import forget_results
from ingest.monitoring.exporter import state_text
from ingest.settings import PROJECT_DIR
from ingest.status import WarehouseStatus, render, warehouse_status

TABLES = ("build_result", "build_run", "load_run", "load_manifest", "metric_sample")
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
ALERTS = ("build", "--select", "tag:alert", "--resource-type", "model", "--resource-type", "seed")


@pytest.fixture
def conn(ops_warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """A connection; no load and no build is known of."""
    with ops_warehouse.connect() as connection:
        for table in (*TABLES, "alert_event", "alert_outbox"):
            connection.execute(f"truncate ops.{table}")
        connection.execute("truncate raw_events.user_events, raw_events.dead_letter")
        connection.execute(
            "truncate intermediate.int_events__lateness, marts_engagement.fact_late_arrivals"
        )
        yield connection


def test_status_tells_what_is_late_missing_broken_failing_and_open(
    ops_warehouse: Warehouse, conn: psycopg.Connection, tmp_path: Path
) -> None:
    house = House(ops_warehouse.dsn, tmp_path)
    for days_ago in (4, 3, 1, 0):  # nothing two days ago; every tenth record is broken
        at = TODAY - timedelta(days=days_ago) + timedelta(seconds=1)
        house.arrive("user.events", kafka_records(100 * days_ago, 10), at)
    house.run(
        "insert into ops.load_run (source, started_at, completed_at, status, error_class) values"
        " ('moodle', now() - interval '2 h', now() - interval '2 h', 'ok', null),"
        " ('moodle', now() - interval '1 h', now() - interval '1 h', 'failed', 'UserError'),"
        " ('fx', now() - interval '2 h', now() - interval '2 h', 'ok', null)"
    )
    ops_warehouse.run("run", "--select", "int_events__lateness", "fact_late_arrivals")
    conn.execute(OBSERVE)
    ops_warehouse.run(*ALERTS)

    status = warehouse_status(ops_warehouse.settings())
    assert status.ops
    missing = (TODAY - timedelta(days=2)).date().isoformat()
    assert status.ops.missing_partitions == [{"topic": "user.events", "day": missing}]
    assert status.ops.dead_letters == {"user.events": 4}
    freshness = {row["source"]: row for row in status.ops.freshness}
    assert (freshness["moodle"]["status"], freshness["moodle"]["is_failing"]) == ("error", True)
    assert (freshness["fx"]["status"], freshness["fx"]["is_failing"]) == ("ok", False)
    fired = {(row["rule"], *row["labels"].values()) for row in status.ops.open_alerts}
    assert fired >= {
        ("missing_partitions", "user.events"),
        ("dead_letter_rate", "user.events"),
        ("batch_late", "batch", "moodle"),
        ("batch_stale", "batch", "moodle"),
        ("availability", "pipeline"),
    }
    assert "batch_late" not in {rule for rule, *about in fired if "fx" in about}
    availability = status.ops.availability_30d
    assert availability
    assert 59 < availability["down_minutes"] < 180  # since that failure, and while this test ran
    assert json.loads(json.dumps(status.as_json()))["ops"]["open_alerts"]
    text = _shown(status)
    for line in (
        f"missing days: user.events {missing}",
        "dead letters: user.events 4",
        "failing tests: none",
        "2.0 h ago",
        "error, failing",
        "open alerts: availability of pipeline (error)",
        "of 43.2 minutes allowed",
        "dbt packages: ",
    ):
        assert line in text


def test_a_build_leaves_the_outcome_of_every_node_and_no_value_of_a_row(
    ops_warehouse: Warehouse, conn: psycopg.Connection
) -> None:
    conn.execute(
        "insert into ops.alert_event (alert_event_key, rule, labels, window_start, metric,"
        " severity, opened_at, last_broken_at, state, breaches_count, opening_value, last_value)"
        " select 'k' || n, 'r' || n, '{}', now(), 'm', 'ann@example.org', now(), now(), 'firing',"
        " 1, 1, 1 from generate_series(1, 3) as n"
    )
    conn.execute("update ops.alert_event set opened_at = now() - interval '1 day'")
    selected = ("alert_event,test_type:data", "lineage_edge,resource_type:model")
    assert not ops_warehouse.dbt("build", "--select", *selected).success
    failing = conn.execute(
        "select test, status, severity, failures, is_latest from ops.dq_result"
        " where severity is not null"
    ).fetchall()
    assert [row[1:] for row in failing] == [("fail", "error", 3, True)]
    assert conn.execute("select model, status from ops.run_result").fetchall() == [
        ("lineage_edge", "success")
    ]
    assert conn.execute(
        "select child from ops.lineage_edge where parent = 'seed.coursehouse.alert_rules'"
        " and child like '%.alert_event'"
    ).fetchall() == [("model.coursehouse.alert_event",)]
    status = warehouse_status(ops_warehouse.settings())
    assert status.ops
    assert [row["severity"] for row in status.ops.failing_tests] == ["error"]
    assert status.last_build
    assert (status.last_build["status"], status.last_build["failures"]) == ("failed", 1)
    kept = conn.execute("select string_agg(t::text, ' ') from ops.build_result as t").fetchone()
    assert kept
    assert "ann@" not in kept[0]

    conn.execute("update ops.alert_event set opened_at = window_start")
    ops_warehouse.run("test", "--select", "alert_event,test_type:data")
    status = warehouse_status(ops_warehouse.settings())
    assert status.ops
    assert status.ops.failing_tests == []


def test_prometheus_reads_what_the_mart_tells_now_and_what_is_open(
    ops_warehouse: Warehouse, conn: psycopg.Connection
) -> None:
    conn.execute(
        "insert into ops.load_run (source, started_at, completed_at, status)"
        " values ('moodle', now() - interval '2 h', now() - interval '2 h', 'ok')"
    )
    conn.execute(  # the same, sampled a while ago
        "insert into ops.metric_sample (metric, labels, value) values"
        ' (\'coursehouse_source_age_seconds\', \'{"source": "moodle", "lane": "batch"}\', 5)'
    )
    conn.execute(
        "insert into ops.alert_event (alert_event_key, rule, labels, window_start, metric,"
        " severity, opened_at, last_broken_at, state, breaches_count, opening_value, last_value)"
        " select 'k' || n, 'r', '{}', now(), 'm', 'error', now(), now(),"
        " case n when 1 then 'continued' else 'firing' end, 1, 1, 1 from generate_series(1, 3) as n"
    )
    lines = state_text(ops_warehouse.settings()).splitlines()
    age = 'coursehouse_source_age_seconds{lane="batch",source="moodle"} '
    (seconds,) = [float(line.removeprefix(age)) for line in lines if line.startswith(age)]
    assert 7200 <= seconds < 10_000
    assert 'coursehouse_alerts_open{rule="r",severity="error"} 2.0' in lines


def test_a_build_of_a_part_says_nothing_of_what_fails_elsewhere(
    ops_warehouse: Warehouse, conn: psycopg.Connection
) -> None:
    ops_warehouse.run("build", "--select", "kafka_topics", "--resource-type", "seed")
    assert conn.execute("select command, status from ops.build_run").fetchall() == [("build", "ok")]
    assert conn.execute("select metric from ops.metric_sample").fetchall() == []


def test_results_are_forgotten_after_their_time_and_not_before(
    ops_warehouse: Warehouse, conn: psycopg.Connection
) -> None:
    for name, days in (("old", 91), ("young", 89)):
        conn.execute(
            "insert into ops.build_run values"
            " (%(name)s, 'build', now() - %(age)s, now() - %(age)s, 'ok', 1, 0, 0)",
            {"name": name, "age": timedelta(days=days)},
        )
        # one was skipped: it has no time of its own
        conn.execute(
            "insert into ops.build_result (invocation_id, unique_id, resource_type, status)"
            " values (%s, 'model.x.y', 'model', 'skipped')",
            [name],
        )
    forget_results(conn, 90)
    assert conn.execute("select invocation_id from ops.build_run").fetchall() == [("young",)]
    assert conn.execute("select invocation_id from ops.build_result").fetchall() == [("young",)]


def test_topics_in_which_nothing_came_are_fresh_if_somebody_looked(
    conn: psycopg.Connection,
) -> None:
    sources = PROJECT_DIR / "models" / "staging" / "events" / "_events__sources.yml"
    query = yaml.safe_load(sources.read_text())["sources"][0]["config"]["loaded_at_query"]
    conn.execute(
        "insert into ops.load_manifest (load_id, source, started_at, completed_at) values"
        " (1, 'events', now() - interval '2 h', now() - interval '2 h'),"
        " (2, 'moodle', now(), now())"
    )
    runs = (
        "insert into ops.load_run (source, started_at, completed_at, status)"
        " values (%s, now(), now() - interval '1 h', %s)"
    )
    for source, status, hours in (
        ("moodle", "ok", 2),
        ("events", "failed", 2),
        ("events", "ok", 1),
    ):
        conn.execute(runs, [source, status])
        age = conn.execute(f"select extract(epoch from now() - ({query}))").fetchone()
        assert age
        assert round(age[0] / 3600) == hours


def _shown(status: WarehouseStatus) -> str:
    console = Console(width=400, file=StringIO())
    with console.capture() as shown:
        console.print(render(status))
    return shown.get()
