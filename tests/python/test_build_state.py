"""A build that would change nothing is left out where that is asked for, and only then."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from event_house import House, kafka_records
from rich.console import Console
from typer.testing import CliRunner

from ingest import build_marts as module
from ingest import locked_dbt
from ingest.build import NO_UNIT_TESTS, BuildResult, is_whole
from ingest.build_marts import build_marts
from ingest.build_state import is_built
from ingest.cli import app
from ingest.errors import UserError
from ingest.events import raw

# as cosmos' watcher calls dbt, which runs all kinds of nodes in one build
WATCHED = (
    *("build", "--log-format", "json", "--resource-type", "test"),
    *("--resource-type", "model", "--resource-type", "snapshot", "--resource-type", "seed"),
    *("--project-dir", "/tmp/cosmos", "--profile", "coursehouse"),  # noqa: S108
)
BROKEN = [raw.Record(7, 0, None, b"no JSON", None)]


@pytest.fixture
def house(database: Callable[[], str], tmp_path: Path) -> House:
    return House(database(), tmp_path / "home")


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> list[BuildResult]:
    """What dbt's next builds end with; without any they go well. dbt itself has its own tests."""
    waiting: list[BuildResult] = []

    class Dbt:
        def build(self, *_: Any, **__: Any) -> BuildResult:
            return waiting.pop(0) if waiting else BuildResult()

    monkeypatch.setattr(module, "Dbt", Dbt)
    return waiting


def build(house: House, *options: str) -> None:
    build_marts(house.settings(), Console(quiet=True), *options)


def arrive(house: House) -> None:
    house.arrive("user.events", kafka_records(0, 1), datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.usefixtures("outcomes")
def test_what_is_built_is_built_until_something_is_loaded(house: House) -> None:
    assert not is_built(house.settings())
    build(house)
    assert is_built(house.settings())
    arrive(house)
    assert not is_built(house.settings())
    build(house)
    house.arrive("user.events", [], datetime(2026, 3, 2, tzinfo=UTC))  # nothing was found
    assert is_built(house.settings())
    house.arrive("user.events", BROKEN, datetime(2026, 3, 2, tzinfo=UTC))
    assert not is_built(house.settings())
    build(house, "--select", "fact_session")  # a part says nothing of the whole
    assert not is_built(house.settings())
    build(house)
    assert is_built(house.settings())


@pytest.mark.usefixtures("outcomes")
def test_another_warehouse_or_a_changed_project_is_not_built(
    house: House, database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    build(house)
    assert not is_built(House(database(), house.home).settings())
    monkeypatch.setattr("ingest.build_state.project_fingerprint", lambda: "changed")
    assert not is_built(house.settings())


def test_a_build_that_failed_left_nothing_built(house: House, outcomes: list[BuildResult]) -> None:
    build(house)
    outcomes.append(BuildResult(failures=["fact_session: no"]))
    with pytest.raises(UserError, match="1 models or tests failed"):
        build(house)
    assert not is_built(house.settings())


def test_a_build_by_dbt_itself_is_a_build(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = [0, 0, 0, 1]
    monkeypatch.setattr(locked_dbt, "load_settings", house.settings)
    monkeypatch.setattr(locked_dbt, "_dbt", lambda arguments: codes.pop(0))
    for part in (("--select", "fact_session"), ("--resource-type", "model")):
        locked_dbt.main(["build", *part])
        assert not is_built(house.settings())
    locked_dbt.main([*WATCHED, "--select", ""])
    assert is_built(house.settings())
    locked_dbt.main([*WATCHED])  # fails
    assert not is_built(house.settings())


@pytest.mark.parametrize(
    "limit", ["--select=x", "-s x", "--exclude x", "--selector x", "--empty", "--sample 3_days"]
)
def test_a_part_is_known_by_what_dbt_is_asked_for(limit: str) -> None:
    assert is_whole([*WATCHED])
    assert not is_whole([*WATCHED, *limit.split()])
    assert not is_whole(["--exclude-resource-type", "test"])


def test_unit_tests_are_no_part_of_the_marts_and_a_full_refresh_makes_all_of_them() -> None:
    for options in ([], [*NO_UNIT_TESTS], ["--full-refresh"], ["--full-refresh", *NO_UNIT_TESTS]):
        assert is_whole(options)


def test_the_command_says_so_and_builds_nothing(
    house: House, outcomes: list[BuildResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.build_command.load_settings", house.settings)
    outcomes += [BuildResult(successes=1), BuildResult(successes=2), BuildResult(successes=3)]
    said = [
        CliRunner().invoke(app, command).output.splitlines()[-1]
        for command in (
            ("build", "--if-new"),
            ("build", "--if-new"),
            ("build",),
        )
    ]
    assert said == [
        "built: 1 models and tests, 0 warnings",
        "nothing new since the last build, nothing built",
        "built: 2 models and tests, 0 warnings",
    ]
    # dbt itself is not here to write down what it built
    assert house.read(
        "select command, status, completed_at > now() - interval '1 h' from ops.build_run"
    ) == [("unchanged", "ok", True)]
