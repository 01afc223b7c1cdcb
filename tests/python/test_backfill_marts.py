"""`coursehouse backfill --marts`: days of marts are computed anew, and nothing is half done."""

import os
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import psycopg
import pytest
from children import Trap, run_killed
from dbt.cli.main import dbtRunnerResult
from event_streams import load_messages
from row_comparison import compare, set_aside
from typer.testing import CliRunner, Result
from warehouse_fixtures import Warehouse

from ingest.backfill import run as backfill_run
from ingest.build import NO_TESTS, Dbt, _quiet
from ingest.cli import app
from ingest.errors import UserError
from ingest.settings import load_settings
from ingest.simulate.plan import Plan
from ingest.simulate.world import simulate

PLAN = Plan(seed=5, events=3_000, days=4)
RECENT = "intermediate.int_events__recent_events"
PEOPLE = "intermediate.int_events__recent_people"
WINDOWS = ("marts_engagement.rt_sales_window", "marts_engagement.rt_activity_window")
TABLES = (RECENT, PEOPLE, *WINDOWS)
DAYS = ("--from", "2025-10-28", "--to", "2025-10-29")
ALL_DAYS = ("--from", "2025-10-01", "--to", "2025-11-30")
INSIDE = "window_start >= '2025-10-28+00' and window_start < '2025-10-30+00'"


@pytest.fixture(scope="module")
def house(small_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    """A simulated stream, each day of it loaded at its end, and built."""
    warehouse = small_warehouse("backfill_marts")
    warehouse.leave_parsed()  # the command goes on with what this leaves
    with warehouse.connect() as conn:
        for _, day in groupby(simulate(PLAN), lambda sent: sent.produced_at.date()):
            sent = list(day)
            load_messages(conn, sent, loaded_at=sent[-1].produced_at)
    warehouse.run("build", "--select", "+tag:near_real_time", *NO_TESTS)
    return warehouse


@pytest.fixture
def conn(house: Warehouse) -> Iterator[psycopg.Connection]:
    with house.connect() as connection:
        yield connection


class QuietDbt(Dbt):
    """Goes on with what the warehouse's own dbt has read, and keeps nothing for reports."""

    def __init__(self, target: Path) -> None:
        super().__init__()
        self._options = _quiet(target)

    def _invoke(self, *command: str) -> dbtRunnerResult:
        return super()._invoke(*command, *self._options)


@pytest.fixture(scope="module")
def dbt(house: Warehouse) -> Dbt:
    """One that has read the project, for all commands in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, setting in house.environment().items():
            patch.setenv(name, setting)
        reader = QuietDbt(house.target)
        reader.parse()
        return reader


@pytest.fixture
def command(house: Warehouse, dbt: Dbt, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command in this process."""
    for name, setting in house.environment().items():
        monkeypatch.setenv(name, setting)
    monkeypatch.setenv("COURSEHOUSE_HOME", str(house.target.parent))
    for module in ("build", "build_marts"):
        monkeypatch.setattr(f"ingest.{module}.Dbt", lambda: dbt)
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


def people(conn: psycopg.Connection, condition: str) -> list[tuple[Any, ...]]:
    query = f"select * from {PEOPLE} where {condition} order by window_start, person_hash"
    return conn.execute(query).fetchall()


def value(conn: psycopg.Connection, query: str) -> Any:
    row = conn.execute(query).fetchone()
    return row and row[0]


def test_what_is_right_is_not_written_and_twice_is_as_good_as_once(
    backfill: Callable[..., Result], conn: psycopg.Connection
) -> None:
    before = checksums(conn, of_versions=True)
    for _ in range(2):
        ran = backfill(*ALL_DAYS, "--marts", "int_events__recent_events")
        assert ran.exit_code == 0, ran.output + str(ran.exception)
        assert ran.output.splitlines()[-1] == "backfill: 0 rows of 2 models differ now"
        assert checksums(conn, of_versions=True) == before
    assert value(conn, "select count(*) from ops.backfill_run where completed_at is null") == 0


def test_days_are_mended_with_what_reads_them_and_other_days_are_left_alone(
    backfill: Callable[..., Result], conn: psycopg.Connection
) -> None:
    before = checksums(conn)
    good = people(conn, INSIDE)
    conn.execute(f"update {PEOPLE} set clicks_count = 0")
    conn.execute(f"delete from {PEOPLE} where events_count = 1 and shop_events_count = 0")
    assert people(conn, INSIDE) != good
    outside = people(conn, f"not ({INSIDE})")
    ran = backfill(*DAYS, "--marts", "int_events__recent_people")
    assert ran.exit_code == 0, ran.output + str(ran.exception)
    assert people(conn, INSIDE) == good
    assert people(conn, f"not ({INSIDE})") == outside
    ran = backfill(*ALL_DAYS, "--marts", "int_events__recent_people")
    assert ran.exit_code == 0, ran.output + str(ran.exception)
    assert " 0 rows" not in ran.output.splitlines()[-1]
    # tables behind it were built again
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
    conn.execute(f"update {RECENT} set event_name = 'broken'")
    conn.execute(f"update {PEOPLE} set views_count = 0")


def test_a_failure_leaves_the_last_good_rows_and_the_next_run_goes_on_behind_what_was_done(
    backfill: Callable[..., Result], conn: psycopg.Connection
) -> None:
    good = checksums(conn)
    spoil(conn)
    before = checksums(conn)
    # the second of two models fails after it has deleted what it is to replace
    conn.execute(f"alter table {PEOPLE} add constraint broken check (views_count = 0) not valid")
    arguments = (*ALL_DAYS, "--marts", "int_events__recent_events")
    failed = backfill(*arguments)
    assert isinstance(failed.exception, UserError)
    assert checksums(conn) == before | {RECENT: good[RECENT]}
    conn.execute(f"alter table {PEOPLE} drop constraint broken")
    ran = backfill(*arguments)
    assert ran.exit_code == 0, ran.output + str(ran.exception)
    assert "going on with the backfill of" in ran.output
    assert not any("int_events__recent_events:" in line for line in ran.output.splitlines())
    assert checksums(conn) == good


def _backfill(environment: dict[str, str], target: Path) -> None:
    os.environ.update(environment)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingest.build.Dbt", lambda: QuietDbt(target))
        backfill_run.backfill(
            load_settings(),
            date(2025, 10, 1),
            date(2025, 11, 30),
            lambda line: None,
            marts=["int_events__recent_events"],
        )


def test_a_backfill_killed_between_two_models_goes_on_with_the_second(
    house: Warehouse, backfill: Callable[..., Result], conn: psycopg.Connection
) -> None:
    good = checksums(conn)
    spoil(conn)
    before = checksums(conn)
    # killed in the transaction of the second one
    trap = Trap(backfill_run, "exchange", 2)
    run_killed(trap, _backfill, house.environment(), house.target)
    assert checksums(conn) == before | {RECENT: good[RECENT]}
    ran = backfill(*ALL_DAYS, "--marts", "int_events__recent_events")
    assert ran.exit_code == 0, ran.output + str(ran.exception)
    assert "1 steps are done" in ran.output
    assert checksums(conn) == good


def test_a_build_that_fails_says_so_and_leaves_the_last_good_marts(
    command: Callable[..., Result], conn: psycopg.Connection
) -> None:
    good = checksums(conn)
    load_messages(conn, simulate(Plan(seed=7, events=500, days=4)))
    conn.execute(f"alter table {PEOPLE} add constraint broken check (false) not valid")
    arguments = ("build", "--select", "tag:near_real_time", "--exclude", "test_type:unit")
    failed = command(*arguments)
    assert str(failed.exception) == "1 models or tests failed, see above"
    assert "int_events__recent_people: Database Error" in failed.output
    # what comes before it is built; it, and what reads it, stand as they were
    after = checksums(conn)
    assert [table for table in TABLES if after[table] == good[table]] == [PEOPLE, *WINDOWS]
    conn.execute(f"alter table {PEOPLE} drop constraint broken")
    built = command(*arguments)
    assert built.exit_code == 0, built.output + str(built.exception)
    after = checksums(conn)
    assert [table for table in TABLES if after[table] == good[table]] == []
