"""`coursehouse backfill --marts`: days of marts are computed anew, and nothing is half done."""

import os
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from itertools import groupby
from typing import Any

import psycopg
import pytest
from children import Trap, run_killed
from event_streams import load_messages
from row_comparison import compare, set_aside
from typer.testing import CliRunner, Result
from warehouse_fixtures import Warehouse

from ingest.backfill import run as backfill_run
from ingest.cli import app
from ingest.errors import UserError
from ingest.settings import load_settings
from ingest.simulate.plan import Plan
from ingest.simulate.world import simulate

PLAN = Plan(seed=5, events=3_000, days=4)
BUILT = ("+fact_late_arrivals", "+tag:near_real_time", "+dim_date")
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
LATENESS = "intermediate.int_events__lateness"
LATE = "marts_engagement.fact_late_arrivals"
RECENT = "intermediate.int_events__recent_events"
PEOPLE = "intermediate.int_events__recent_people"
SALES = "marts_engagement.rt_sales_window"
TABLES = (LATENESS, LATE, RECENT, PEOPLE, SALES, "marts_engagement.rt_activity_window")
DAYS = ("--from", "2025-10-28", "--to", "2025-10-29")
ALL_DAYS = ("--from", "2025-10-01", "--to", "2025-11-30")
INSIDE = "arrival_date between '2025-10-28' and '2025-10-29'"


@pytest.fixture(scope="module")
def house(small_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    """A simulated stream, each day of it loaded at its end, and built."""
    warehouse = small_warehouse("backfill_marts")
    with warehouse.connect() as conn:
        for _, day in groupby(simulate(PLAN), lambda sent: sent.produced_at.date()):
            sent = list(day)
            load_messages(conn, sent, loaded_at=sent[-1].produced_at)
    warehouse.run("build", "--select", *BUILT, *NO_TESTS)
    return warehouse


@pytest.fixture
def environment(house: Warehouse) -> dict[str, str]:
    """For commands on that warehouse; what dbt writes stays apart from the project's own."""
    return house.environment() | {
        "COURSEHOUSE_HOME": str(house.target.parent / "home"),
        "DBT_TARGET_PATH": str(house.target.parent / "commands"),
        "DBT_LOG_PATH": str(house.target.parent / "commands"),
    }


@pytest.fixture
def conn(house: Warehouse) -> Iterator[psycopg.Connection]:
    with house.connect() as connection:
        yield connection


@pytest.fixture
def command(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command in this process."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(app, arguments)


@pytest.fixture
def backfill(command: Callable[..., Result]) -> Callable[..., Result]:
    return partial(command, "backfill")


def checksums(conn: psycopg.Connection, *, of_versions: bool = False) -> dict[str, Any]:
    """Of every row of the tables; `of_versions`: changes if a row is only written again."""
    what = "xmin::text || t::text" if of_versions else "t::text"
    return {
        table: conn.execute(
            f"select count(*), sum(hashtextextended({what}, 0)) from {table} as t"
        ).fetchone()
        for table in TABLES
    }


def value(conn: psycopg.Connection, query: str) -> Any:
    row = conn.execute(query).fetchone()
    return row and row[0]


def test_what_is_right_is_not_written_and_twice_is_as_good_as_once(
    backfill: Callable[..., Result], conn: psycopg.Connection
) -> None:
    before = checksums(conn, of_versions=True)
    for _ in range(2):
        ran = backfill(*ALL_DAYS, "--marts", "fact_late_arrivals,int_events__recent_events")
        assert ran.exit_code == 0, ran.output + str(ran.exception)
        assert ran.output.splitlines()[-1] == "backfill: 0 rows of 3 models differ now"
        assert checksums(conn, of_versions=True) == before
    assert value(conn, "select count(*) from ops.backfill_run where completed_at is null") == 0


def test_days_are_mended_with_what_reads_them_and_other_days_are_left_alone(
    backfill: Callable[..., Result], conn: psycopg.Connection
) -> None:
    before = checksums(conn)
    conn.execute(f"update {LATE} set lateness_p99_seconds = 7777")
    conn.execute(f"delete from {LATE} where topic = (select min(topic) from {LATE})")
    conn.execute(f"update {PEOPLE} set clicks_count = 0, orders_count = 0")
    outside = value(conn, f"select count(*) from {LATE} where not ({INSIDE})")
    assert outside > 0
    ran = backfill(*DAYS, "--marts", "fact_late_arrivals")
    assert ran.exit_code == 0, ran.output + str(ran.exception)
    assert value(conn, f"select count(*) from {LATE} where lateness_p99_seconds = 7777") == outside
    assert value(conn, f"select count(*) from {LATE} where not ({INSIDE})") == outside
    ran = backfill(*ALL_DAYS, "--marts", "fact_late_arrivals,int_events__recent_people")
    assert ran.exit_code == 0, ran.output + str(ran.exception)
    # a table behind it was built again
    assert checksums(conn) == before


def test_arrivals_that_wait_for_a_build_are_not_lost_behind_a_backfill(
    house: Warehouse, backfill: Callable[..., Result], conn: psycopg.Connection
) -> None:
    """Those of the days must not push how far the model has read over those of other days."""
    load_messages(conn, simulate(Plan(seed=6, events=1_000, days=4)))
    ran = backfill(*DAYS, "--marts", "int_events__recent_events")
    assert ran.exit_code == 0, ran.output + str(ran.exception)
    recent = [(RECENT.split(".")[0], table.split(".")[1]) for table in (RECENT, PEOPLE)]
    set_aside(conn, recent, "increments")
    house.run("run", "--full-refresh", "--select", "tag:near_real_time")
    assert [compare(conn, "increments", *table)[1] for table in recent] == [0, 0]
    conn.execute("drop schema increments cascade")
    house.run("run", "--select", "int_events__lateness+")


def test_rows_that_would_vanish_are_kept_unless_that_is_meant(
    backfill: Callable[..., Result], conn: psycopg.Connection
) -> None:
    before = checksums(conn)
    conn.execute(
        f"insert into {PEOPLE} (window_start, person_hash, views_count, _load_id)"
        " values ('2025-10-29 01:00+00', 'nobody', 1, 1)"
    )
    refused = backfill(*DAYS, "--marts", "int_events__recent_people")
    assert isinstance(refused.exception, UserError)
    words = "1 rows of int_events__recent_people would vanish: bring"
    assert str(refused.exception).startswith(words)
    assert value(conn, f"select count(*) from {PEOPLE} where person_hash = 'nobody'") == 1
    assert backfill(*DAYS, "--marts", "int_events__recent_people", "--allow-loss").exit_code == 0
    assert checksums(conn) == before


def test_a_name_that_is_no_model_is_refused(backfill: Callable[..., Result]) -> None:
    refused = backfill(*DAYS, "--marts", "page_views")
    assert str(refused.exception) == ("there is no model page_views: --marts takes names of models")


def test_a_model_with_other_columns_asks_for_a_full_refresh(
    backfill: Callable[..., Result], conn: psycopg.Connection
) -> None:
    conn.execute(f"alter table {PEOPLE} rename column views_count to views")
    refused = backfill(*DAYS, "--marts", "int_events__recent_people")
    assert "build --full-refresh --select int_events__recent_people+" in str(refused.exception)
    conn.execute(f"alter table {PEOPLE} rename column views to views_count")


def spoil(conn: psycopg.Connection) -> None:
    conn.execute(f"update {LATENESS} set late_count = 0")
    conn.execute(f"update {LATE} set lateness_p99_seconds = 7777")


def test_a_failure_leaves_the_last_good_rows_and_the_next_run_goes_on_behind_what_was_done(
    backfill: Callable[..., Result], conn: psycopg.Connection
) -> None:
    good = checksums(conn)
    spoil(conn)
    before = checksums(conn)
    # the second of two models fails after it has deleted what it is to replace
    conn.execute(
        f"alter table {LATE} add constraint broken check (lateness_p99_seconds = 7777) not valid"
    )
    arguments = (*ALL_DAYS, "--marts", "int_events__lateness")
    failed = backfill(*arguments)
    assert isinstance(failed.exception, UserError)
    assert checksums(conn) == before | {LATENESS: good[LATENESS]}
    conn.execute(f"alter table {LATE} drop constraint broken")
    ran = backfill(*arguments)
    assert ran.exit_code == 0, ran.output + str(ran.exception)
    assert "going on with the backfill of" in ran.output
    assert not any("int_events__lateness:" in line for line in ran.output.splitlines())
    assert checksums(conn) == good


def _backfill(environment: dict[str, str]) -> None:
    os.environ.update(environment)
    backfill_run.backfill(
        load_settings(),
        date(2025, 10, 1),
        date(2025, 11, 30),
        lambda line: None,
        marts=["int_events__lateness"],
    )


def test_a_backfill_killed_between_two_models_goes_on_with_the_second(
    backfill: Callable[..., Result], conn: psycopg.Connection, environment: dict[str, str]
) -> None:
    good = checksums(conn)
    spoil(conn)
    before = checksums(conn)
    # killed in the transaction of the second one
    run_killed(Trap(backfill_run, "exchange", 2), _backfill, environment)
    assert checksums(conn) == before | {LATENESS: good[LATENESS]}
    ran = backfill(*ALL_DAYS, "--marts", "int_events__lateness")
    assert ran.exit_code == 0, ran.output + str(ran.exception)
    assert "1 steps are done" in ran.output
    assert checksums(conn) == good
    assert value(conn, "select count(*) from ops.backfill_run where completed_at is null") == 0


def test_a_build_that_fails_says_so_and_leaves_the_last_good_marts(
    command: Callable[..., Result], conn: psycopg.Connection
) -> None:
    good = checksums(conn)
    load_id = load_messages(conn, simulate(Plan(seed=7, events=500, days=4)))
    conn.execute(f"alter table {LATENESS} add constraint broken check (false) not valid")
    selected = ("--select", "int_events__lateness+ tag:near_real_time")
    build = partial(command, "build", *selected, "--exclude", "test_type:data test_type:unit")
    failed = build()
    assert str(failed.exception) == "1 models or tests failed, see above"
    assert "int_events__lateness: " in failed.output
    after = checksums(conn)
    # what failed, and what reads it, stand as they were; what does not is built
    assert [table for table in TABLES if after[table] == good[table]] == [LATENESS, LATE]
    conn.execute(f"alter table {LATENESS} drop constraint broken")
    built = build()
    assert built.exit_code == 0, built.output + str(built.exception)
    assert value(conn, f"select max(_load_id) from {LATE}") == load_id
