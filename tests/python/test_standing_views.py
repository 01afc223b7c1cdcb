"""Views that stand as they would be made are left out of a build, and only those, never tests."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, LiteralString

import psycopg
import pytest
from event_house import House
from rich.console import Console
from typer.testing import CliRunner
from warehouse_fixtures import Warehouse

from ingest import build_marts as module
from ingest.build import NO_VIEWS, BuildResult, Dbt
from ingest.cli import app
from ingest.standing_views import MARK

VIEWS: tuple[LiteralString, ...] = (
    "create schema staging",
    "create view staging.one as select 1 as id",
    "comment on view staging.one is 'coursehouse:made'",
    "create table raw_moodle.mdl_user (id bigint, country varchar(2))",
)
# what dbt would make other views of, or would mend
CHANGES: tuple[LiteralString, ...] = (
    "drop view staging.one",
    "comment on view staging.one is 'coursehouse:made by a build of a part'",
    "alter view staging.one set (security_barrier = true)",
    "grant select on staging.one to public",
    "grant usage on schema staging to public",
    "alter table raw_moodle.mdl_user add column city text",
    "alter table raw_moodle.mdl_user alter column country type varchar(3)",
    "alter table raw_moodle.mdl_user alter column country set not null",
    "alter table raw_moodle.mdl_user rename column country to land",
    "drop table raw_moodle.mdl_user",
    "create role a_new_reader",
    "insert into ops.build_run (invocation_id, command, started_at, completed_at, status, models,"
    " tests, failures) values ('it', 'run', now(), now(), 'failed', 1, 0, 1);"
    "insert into ops.build_result (invocation_id, unique_id, resource_type, status)"
    " values ('it', 'model.coursehouse.one', 'model', 'error')",
)
# what loads and builds do every day
USUAL: tuple[LiteralString, ...] = (
    "insert into raw_moodle.mdl_user values (1, 'KW')",
    "create table raw_events.one_day partition of raw_events.clickstream"
    " for values from ('2031-01-01') to ('2031-01-02')",
    "create schema dq_failures create table what_failed (id integer)",
    "create schema landing_moodle create table what_arrives (id integer)",
    "create temporary table passing (id integer)",
)


@pytest.fixture
def outcomes() -> list[BuildResult]:
    """What dbt's next builds end with; without any all is well, and made but for what is left."""
    return []


@pytest.fixture
def leaving(monkeypatch: pytest.MonkeyPatch, outcomes: list[BuildResult]) -> list[bool]:
    """Whether each of dbt's builds left the views out."""
    asked: list[bool] = []

    class Dbt:
        def build(self, *_: Any, leaves_views: bool) -> BuildResult:
            asked.append(leaves_views)
            return outcomes.pop(0) if outcomes else BuildResult(has_all_models=not leaves_views)

    monkeypatch.setattr(module, "Dbt", Dbt)
    return asked


@pytest.fixture
def house(database: Callable[[], str], tmp_path: Path) -> House:
    house = House(database(), tmp_path / "home")
    with psycopg.connect(house.dsn) as conn:
        for statement in VIEWS:
            conn.execute(statement)
    return house


def build(house: House) -> None:
    module.build_marts(house.settings(), Console(quiet=True), may_leave_views=True)


def test_views_are_left_out_while_they_stand(house: House, leaving: list[bool]) -> None:
    for _ in range(3):
        build(house)
    module.build_marts(house.settings(), Console(quiet=True))  # e.g. for the docs
    assert leaving == [False, True, True, False]


@pytest.mark.parametrize("change", CHANGES)
def test_what_dbt_would_change_makes_all_of_them_anew(
    house: House, leaving: list[bool], change: LiteralString
) -> None:
    build(house)
    with psycopg.connect(house.dsn, autocommit=True) as conn:
        conn.execute(change)
        try:
            build(house)
        finally:
            conn.execute("drop role if exists a_new_reader")
    assert leaving == [False, False]


def test_rows_days_and_results_of_tests_are_no_change(house: House, leaving: list[bool]) -> None:
    build(house)
    with psycopg.connect(house.dsn, autocommit=True) as conn:
        for usual in USUAL:
            conn.execute(usual)
        build(house)
    assert leaving == [False, True]


def test_another_warehouse_or_a_changed_project_has_no_views_yet(
    house: House,
    leaving: list[bool],
    database: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    build(house)
    build(House(database(), house.home))
    build(house)
    monkeypatch.setattr(module, "project_fingerprint", lambda: "changed")
    build(house)
    assert leaving == [False, False, False, False]


def test_a_build_that_failed_to_make_one_left_none_standing(
    house: House, leaving: list[bool], outcomes: list[BuildResult]
) -> None:
    outcomes.append(BuildResult(has_all_models=False))
    for _ in range(3):
        build(house)
    assert leaving == [False, False, True]


@pytest.mark.parametrize(
    ("options", "left_out"),
    [
        ((), True),
        (("--no-tests",), True),
        (("--full-refresh",), False),
        (("--select", "staging"), False),
        (("--exclude", "dim_date"), False),
    ],
)
def test_the_command_leaves_them_out_unless_something_is_named(
    house: House,
    leaving: list[bool],
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    left_out: bool,
) -> None:
    monkeypatch.setattr("ingest.build_command.load_settings", house.settings)
    build(house)
    assert CliRunner().invoke(app, ("build", *options)).exit_code == 0
    assert leaving == [False, left_out]


@pytest.mark.parametrize("name", ["DBT_FULL_REFRESH", "DBT_ENGINE_EMPTY"])
def test_variables_of_dbt_that_make_other_tables_leave_no_view_standing(
    house: House, leaving: list[bool], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with monkeypatch.context() as told:
        told.setenv(name, "1")
        build(house)
        assert not (house.home / MARK).exists()
    build(house)
    monkeypatch.setenv(name, "1")
    build(house)
    assert leaving == [False, False, False]


def test_all_models_are_made_where_each_ended_well(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {"one": "view", "two": "table", "three": "seed"}
    nodes = {
        name: SimpleNamespace(
            unique_id=name,
            name=name,
            resource_type="seed" if kind == "seed" else "model",
            config=SimpleNamespace(materialized=kind),
        )
        for name, kind in kinds.items()
    }

    def ended(**statuses: str) -> bool:
        """Whether all models were made in a build in which nodes ended so."""
        results = [
            SimpleNamespace(node=nodes[name], status=status, message="")
            for name, status in statuses.items()
        ]
        outcome = SimpleNamespace(
            success=True, exception=None, result=SimpleNamespace(results=results)
        )
        runner = SimpleNamespace(
            manifest=SimpleNamespace(nodes=nodes), invoke=lambda *_, **__: outcome
        )
        monkeypatch.setattr("ingest.build.dbtRunner", lambda **_: runner)
        dbt = Dbt()
        monkeypatch.setattr(dbt, "_runner", runner)
        monkeypatch.setattr(dbt, "_parse", lambda *_: Counter({"model": 2, "seed": 1}))
        return dbt.build(lambda *_: None).has_all_models

    assert ended(one="success", two="success", three="success")
    assert ended(one="success", two="success")
    for status in ("error", "skipped"):
        assert not ended(one=status, two="success")
        assert not ended(one="success", two=status)
    assert not ended(one="success")


def test_no_test_is_left_out_with_a_view(database: Callable[[], str], tmp_path: Path) -> None:
    warehouse = Warehouse(database(), tmp_path)

    def listed(*options: str) -> set[str]:
        outcome: Any = warehouse.dbt("list", "--exclude-resource-type", "unit_test", *options)
        assert outcome.success, outcome.exception
        return set(outcome.result)

    everything = listed()
    views = listed("--resource-type", "model", "--select", "config.materialized:view")
    assert len(views) > 300
    assert listed(*NO_VIEWS) == everything - views
