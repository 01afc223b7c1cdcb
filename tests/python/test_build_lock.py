"""One build of a warehouse at a time."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from event_house import House
from typer.testing import CliRunner

from ingest.build_lock import building
from ingest.cli import app
from ingest.errors import UserError
from ingest.warehouse.session import Busy


@pytest.fixture
def house(database: Callable[[], str], tmp_path: Path) -> House:
    return House(database(), tmp_path)


def test_a_second_build_is_refused_or_waits_and_says_so(house: House) -> None:
    with building(house.settings(), house.said.append):
        with (
            pytest.raises(Busy, match="another process is at the build of this warehouse"),
            building(house.settings(), house.said.append, wait_minutes=0),
        ):
            pass
        with (
            pytest.raises(UserError, match=r"still running after 0\.001 minutes: try again"),
            building(house.settings(), house.said.append, wait_minutes=0.001),
        ):
            pass
    assert house.said == ["another build of this warehouse is running; waiting up to 0.001 minutes"]


def test_who_waits_builds_when_the_other_has_ended(house: House) -> None:
    order: list[str] = []

    def second() -> None:
        with building(house.settings(), order.append, wait_minutes=1):
            order.append("second")

    with building(house.settings(), order.append):
        waiting = threading.Thread(target=second)
        waiting.start()
        while not order:
            waiting.join(0.05)
        order.append("first")
    waiting.join(60)
    assert order[1:] == ["first", "second"]


def test_the_lock_of_a_build_that_failed_is_free(house: House) -> None:
    with pytest.raises(ZeroDivisionError), building(house.settings(), house.said.append):
        raise ZeroDivisionError
    with building(house.settings(), house.said.append, wait_minutes=0):
        pass


@pytest.mark.parametrize(
    "command",
    [
        ("build", "--wait", "0"),
        ("backfill", "--from", "2026-03-01", "--to", "2026-03-01", "--marts", "fact_orders"),
    ],
)
def test_commands_that_build_say_in_one_line_that_another_one_does(
    house: House, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    settings = house.settings(build_wait_minutes=0)
    for module in ("ingest.build_command", "ingest.backfill.commands"):
        monkeypatch.setattr(f"{module}.load_settings", lambda: settings)
    with building(house.settings(), house.said.append):
        ran = CliRunner().invoke(app, command)
    assert isinstance(ran.exception, Busy)
    assert str(ran.exception).count("\n") == 0
