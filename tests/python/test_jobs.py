"""Scheduled jobs: their commands in their order, tried again, and a look for alerts at the end."""

import threading
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main
from dbt.cli.main import cli as dbt
from typer.testing import CliRunner

from ingest import job_run
from ingest.cli import app
from ingest.errors import UserError
from ingest.job_run import run_job
from ingest.jobs import JOBS, Job, Step
from ingest.monitoring.rules import read_rules

# a program that writes down what it was asked, and fails as often as a file says
PROGRAM = """
import pathlib, sys, time
here = pathlib.Path(__file__).parent
name = "-".join(sys.argv[1:])
with (here / "asked").open("a") as asked:
    asked.write(name + "\\n")
if name == "wait":
    time.sleep(60)
left = here / f"{name}.failures"
failures = int(left.read_text()) if left.exists() else 0
left.write_text(str(max(failures - 1, 0)))
sys.exit(3 if failures else 0)
"""
FIRST, OTHER, LATER = (Step((word,)) for word in ("first", "other", "later"))
JOB = Job("day", "0 2 * * *", ((FIRST, OTHER), (LATER,)))


class Program:
    """Stands in for both programs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.said: list[str] = []

    def fail(self, name: str, times: int) -> None:
        (self._folder / f"{name}.failures").write_text(str(times))

    def asked(self) -> list[str]:
        file = self._folder / "asked"
        return file.read_text().split() if file.exists() else []


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    (tmp_path / "recorded_program.py").write_text(PROGRAM)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(job_run, "MODULES", dict.fromkeys(job_run.MODULES, "recorded_program"))
    monkeypatch.setattr(job_run, "PAUSE_SECONDS", 0)
    return Program(tmp_path)


def test_the_commands_of_a_job_run_in_their_order_and_alerts_come_last(program: Program) -> None:
    run_job(JOB, program.said.append)
    assert program.asked() == ["first", "other", "later", "alert"]


def test_what_fails_is_tried_again(program: Program) -> None:
    program.fail("first", 2)
    run_job(JOB, program.said.append)
    assert program.asked() == ["first", "first", "first", "other", "later", "alert"]
    assert program.said.count("coursehouse first: ended with 3; trying again in 0 s") == 2


def test_what_fails_for_good_keeps_back_what_comes_after_it_and_nothing_else(
    program: Program,
) -> None:
    program.fail("first", 3)
    with pytest.raises(UserError, match="day: coursehouse first failed, what it said stands"):
        run_job(JOB, program.said.append)
    assert program.asked() == ["first", "first", "first", "other", "alert"]


def test_alerts_that_cannot_be_told_are_a_failure_of_the_job(program: Program) -> None:
    program.fail("alert", 3)
    with pytest.raises(UserError, match="day: coursehouse alert failed"):
        run_job(JOB, program.said.append)


def test_what_is_not_configured_is_left_out(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("COURSEHOUSE_STRIPE_API_KEY", "COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COURSEHOUSE_MOODLE_DSN", "postgresql://somewhere")
    run_job(JOBS["loads"], program.said.append)
    assert program.asked() == ["load-moodle", "alert"]
    assert (
        "coursehouse load stripe: left out, COURSEHOUSE_STRIPE_API_KEY is not set" in program.said
    )


def test_a_job_that_is_stopped_ends_the_command_in_hand_and_begins_no_other(
    program: Program,
) -> None:
    stopped = threading.Event()
    job = Job("day", JOB.cron, ((Step(("wait",)),), (LATER,)))
    thread = threading.Thread(target=run_job, args=(job, program.said.append, stopped.is_set))
    thread.start()
    while program.asked() != ["wait"]:
        time.sleep(0.05)
    stopped.set()
    thread.join(30)
    assert not thread.is_alive()
    assert program.asked() == ["wait"]
    assert program.said[-2:] == ["coursehouse wait: ended with -15", "day: stopped"]


def test_a_job_that_does_not_exist_is_told_with_those_that_do() -> None:
    ran = CliRunner().invoke(app, ["job", "yearly"])
    assert str(ran.exception) == (
        "there is no job yearly: choose one of loads, hourly, nightly, monthly"
    )


@pytest.mark.parametrize("name", JOBS)
def test_every_command_of_a_job_is_one_there_is(name: str) -> None:
    programs: dict[str, Any] = {"coursehouse": typer.main.get_command(app), "dbt": dbt}
    assert set(programs) == set(job_run.MODULES)
    for step in JOBS[name].steps:
        command, arguments = programs[step.program], list(step.arguments)
        context = typer.Context(command)
        while hasattr(command, "resolve_command"):
            _, command, arguments = command.resolve_command(context, arguments)
            context = typer.Context(command, parent=context)
        # an option that does not exist is an error here
        command.make_context(command.name, arguments)


# ---------------------------------------------------------------- times


def starts(*names: str) -> list[datetime]:
    """When these jobs start within two weeks, among them the first Sunday of a month, in order."""
    found = []
    for name in names:
        moment = datetime(2026, 10, 25, tzinfo=UTC)
        while (moment := JOBS[name].next_start(moment)) < datetime(2026, 11, 9, tzinfo=UTC):
            found.append(moment)
    return sorted(found)


def longest_pause(*names: str) -> float:
    """Seconds between two starts of these jobs, at most."""
    pauses = (after - before for before, after in pairwise(starts(*names)))
    return max(pauses).total_seconds()


def test_nothing_is_late_while_jobs_run_as_they_should() -> None:
    """What an age is counted from is the end of a job, so a job may take what is left."""
    limits = {
        (rule.matching["lane"], rule.severity): rule.threshold
        for rule in read_rules()
        if rule.metric == "coursehouse_source_age_seconds"
    }
    pauses = {
        "batch": longest_pause("loads"),
        "build": longest_pause("hourly", "nightly"),
        "reference": longest_pause("nightly"),
    }
    for lane, pause in pauses.items():
        assert pause * 1.5 <= limits[lane, "warn"] < limits[lane, "error"], lane
    # a stream tells of itself
    assert {lane for lane, _ in limits} == {*pauses, "stream"}


def test_the_month_begins_on_a_sunday_and_the_night_at_two() -> None:
    assert starts("monthly") == [datetime(2026, 11, 1, 4, 30, tzinfo=UTC)]
    assert {moment.strftime("%H:%M") for moment in starts("nightly")} == {"02:00"}
