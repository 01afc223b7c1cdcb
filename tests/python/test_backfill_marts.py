"""`coursehouse backfill --marts`: days of marts are computed anew, and nothing is half done."""

import os
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import psycopg
import pytest
from children import Trap, run_killed
from event_streams import load_messages
from moodle_sites import Lane
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
BUILT = ("+page_view_stats", "+tag:near_real_time", "+question_answers_summary")
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
VIEWS = "marts_engagement.page_view_window_5m"
RECENT = "intermediate.int_events__recent_events"
PEOPLE = "intermediate.int_events__recent_people"
SALES = "marts_engagement.rt_sales_window"
TABLES = (VIEWS, RECENT, PEOPLE, SALES, "marts_engagement.rt_activity_window")
DAYS = ("--from", "2025-10-28", "--to", "2025-10-29")
ALL_DAYS = ("--from", "2025-10-01", "--to", "2025-11-30")
INSIDE = "window_start >= '2025-10-28+00' and window_start < '2025-10-30+00'"


@pytest.fixture(scope="module")
def house(
    sample_site: str, new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Warehouse:
    """The sample site and a simulated stream, loaded and built."""
    directory = tmp_path_factory.mktemp("backfill_marts")
    warehouse = Warehouse(new_database("backfill_marts"), directory / "target")
    Lane(sample_site, warehouse.dsn, directory).load()
    with warehouse.connect() as conn:
        load_messages(conn, simulate(PLAN))
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
def backfill(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs the command in this process."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["backfill", *arguments])

    return run


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
        ran = backfill(*ALL_DAYS, "--marts", "page_view_window_5m,int_events__recent_events")
        assert ran.exit_code == 0, ran.output + str(ran.exception)
        assert ran.output.splitlines()[-1] == "backfill: 0 rows of 3 models differ now"
        assert checksums(conn, of_versions=True) == before
    assert value(conn, "select count(*) from ops.backfill_run where completed_at is null") == 0


def test_days_are_mended_with_what_reads_them_and_other_days_are_left_alone(
    backfill: Callable[..., Result], conn: psycopg.Connection
) -> None:
    before = checksums(conn)
    conn.execute(f"update {VIEWS} set view_count = 7777")
    conn.execute(f"delete from {VIEWS} where page = (select min(page) from {VIEWS})")
    conn.execute(f"update {PEOPLE} set clicks_count = 0, orders_count = 0")
    outside = value(conn, f"select count(*) from {VIEWS} where not ({INSIDE})")
    assert outside > 0
    ran = backfill(*DAYS, "--marts", "page_view_window_5m")
    assert ran.exit_code == 0, ran.output + str(ran.exception)
    assert value(conn, f"select count(*) from {VIEWS} where view_count = 7777") == outside
    assert value(conn, f"select count(*) from {VIEWS} where not ({INSIDE})") == outside
    ran = backfill(*ALL_DAYS, "--marts", "page_view_window_5m,int_events__recent_people")
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


def test_rows_that_would_vanish_are_kept_unless_that_is_meant(
    backfill: Callable[..., Result], conn: psycopg.Connection
) -> None:
    before = checksums(conn)
    conn.execute(
        f"insert into {VIEWS} (window_start, page, view_count, _load_id)"
        " values ('2025-10-28 01:00+00', '/nowhere', 1, 1)"
    )
    refused = backfill(*DAYS, "--marts", "page_view_window_5m")
    assert isinstance(refused.exception, UserError)
    assert str(refused.exception).startswith("1 rows of page_view_window_5m would vanish: bring")
    assert value(conn, f"select count(*) from {VIEWS} where page = '/nowhere'") == 1
    assert backfill(*DAYS, "--marts", "page_view_window_5m", "--allow-loss").exit_code == 0
    assert checksums(conn) == before


def test_a_name_that_is_no_model_is_refused(backfill: Callable[..., Result]) -> None:
    refused = backfill(*DAYS, "--marts", "page_views")
    assert str(refused.exception) == ("there is no model page_views: --marts takes names of models")


def test_a_model_with_other_columns_asks_for_a_full_refresh(
    backfill: Callable[..., Result], conn: psycopg.Connection
) -> None:
    conn.execute("drop view marts_engagement.page_view_stats")
    conn.execute(f"alter table {VIEWS} rename column view_count to views")
    refused = backfill(*DAYS, "--marts", "page_view_window_5m")
    assert "build --full-refresh --select page_view_window_5m+" in str(refused.exception)
    conn.execute(f"alter table {VIEWS} rename column views to view_count")


def test_a_failure_leaves_the_last_good_rows_and_the_next_run_goes_on_behind_what_was_done(
    backfill: Callable[..., Result], conn: psycopg.Connection
) -> None:
    good = checksums(conn)
    conn.execute(f"update {RECENT} set event_name = 'broken'")
    conn.execute(f"update {PEOPLE} set views_count = 0")
    before = checksums(conn)
    # the second of two models fails after it has deleted what it is to replace
    conn.execute(f"alter table {PEOPLE} add constraint broken check (views_count = 0) not valid")
    arguments = (*ALL_DAYS, "--marts", "int_events__recent_events")
    failed = backfill(*arguments)
    assert isinstance(failed.exception, UserError)
    after = checksums(conn)
    assert after[RECENT] == good[RECENT]
    assert {t: after[t] for t in TABLES if t != RECENT} == {
        t: before[t] for t in TABLES if t != RECENT
    }
    conn.execute(f"alter table {PEOPLE} drop constraint broken")
    ran = backfill(*arguments)
    assert ran.exit_code == 0, ran.output + str(ran.exception)
    assert "going on with the backfill of" in ran.output
    assert not any("int_events__recent_events:" in line for line in ran.output.splitlines())
    assert checksums(conn) == good


def _backfill(environment: dict[str, str]) -> None:
    os.environ.update(environment)
    backfill_run.backfill(
        load_settings(),
        date(2025, 10, 1),
        date(2025, 11, 30),
        lambda line: None,
        marts=["int_events__recent_events"],
    )


def test_a_backfill_killed_between_two_models_goes_on_with_the_second(
    backfill: Callable[..., Result], conn: psycopg.Connection, environment: dict[str, str]
) -> None:
    good = checksums(conn)
    conn.execute(f"update {RECENT} set event_name = 'broken'")
    conn.execute(f"update {PEOPLE} set views_count = 0")
    # killed in the transaction of the second one
    run_killed(Trap(backfill_run, "exchange", 2), _backfill, environment)
    assert checksums(conn)[RECENT] == good[RECENT]
    assert value(conn, f"select sum(views_count) from {PEOPLE}") == 0
    ran = backfill(*ALL_DAYS, "--marts", "int_events__recent_events")
    assert ran.exit_code == 0, ran.output + str(ran.exception)
    assert "1 steps are done" in ran.output
    assert checksums(conn) == good
    assert value(conn, "select count(*) from ops.backfill_run where completed_at is null") == 0
