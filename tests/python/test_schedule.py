"""`coursehouse schedule`: what is due is started, once, and ended in order."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingest.cli import app
from ingest.jobs import JOBS
from ingest.schedule import Journal
from ingest.settings import Settings

PATIENCE_SECONDS = 60.0
LONG_AGO = datetime(2026, 3, 1, 1, 59, tzinfo=UTC)
# says that it began, and waits to be ended
SCRIPT = """#!/bin/sh
trap 'echo "$1 ended" >> "$0.log"; exit 1' TERM
echo "$1 began" >> "$0.log"
while :; do sleep 0.1; done
"""
# the schedule as the command keeps it, of other jobs
KEEPER = """
import json, sys
from ingest.jobs import Job
from ingest.schedule import Journal, Schedule
from ingest.settings import Settings
home, program, jobs = sys.argv[1:]
journal = Journal(Settings.model_validate({"home": home}))
jobs = {name: Job(name, cron, ()) for name, cron in json.loads(jobs).items()}
Schedule(jobs, journal, print, [program]).keep()
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def journal(home: Path) -> Journal:
    return Journal(Settings.model_validate({"home": home}))


def keep_until(words: str, jobs: dict[str, str], home: Path, program: Path) -> list[str]:
    """Keep `jobs` (name, cron) until the program has said `words`; all it said."""
    log = Path(f"{program}.log")
    log.write_text("")
    given = [str(home), str(program), json.dumps(jobs)]
    keeper = subprocess.Popen([sys.executable, "-c", KEEPER, *given])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while words not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    keeper.terminate()
    assert keeper.wait(PATIENCE_SECONDS) == 0
    return log.read_text().splitlines()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "program"
    file.write_text(SCRIPT)
    file.chmod(0o755)
    return file


def test_what_was_missed_is_made_up_for_once_and_ended_with_the_schedule(
    journal: Journal, home: Path, program: Path
) -> None:
    leap_days = "0 2 29 2 *"
    journal.note("missed", LONG_AGO, "ok")
    # one that never ran here has missed nothing
    jobs = {"missed": "0 2 * * *", "new": leap_days}
    done = keep_until("missed began", jobs, home, program)
    assert done == ["missed began", "missed ended"]
    assert not journal.has_failed("missed")  # it was asked to end
    began_at = journal.began_at("missed")
    assert began_at and datetime.now(UTC) - began_at < timedelta(minutes=5)
    # after a restart it is not missed any more
    journal.note("other", LONG_AGO, "ok")
    jobs = {"missed": leap_days, "new": leap_days, "other": "0 2 * * *"}
    done = keep_until("other began", jobs, home, program)
    assert done == ["other began", "other ended"]


def test_a_failure_is_remembered_until_a_run_ends_otherwise(journal: Journal) -> None:
    journal.note("loads", LONG_AGO, "failed")
    journal.note("loads", datetime.now(UTC))  # it is tried again
    assert journal.has_failed("loads")
    journal.note("loads", datetime.now(UTC), "ok")
    assert not journal.has_failed("loads")


def test_the_jobs_of_the_list_are_run_and_a_failure_is_seen_by_the_check(tmp_path: Path) -> None:
    """The real command, the real list, and no warehouse: looking for alerts fails."""
    ours = {name: value for name, value in os.environ.items() if "COURSEHOUSE" not in name}
    here = {"COURSEHOUSE_HOME": str(tmp_path), "COURSEHOUSE_PG_HOST": str(tmp_path)}
    journal = Journal(Settings.model_validate({"home": tmp_path}))
    assert CliRunner().invoke(app, ["schedule", "--check"], env=here).exit_code == 0
    journal.note("loads", LONG_AGO, "ok")
    running = subprocess.Popen(
        [sys.executable, "-m", "ingest.cli", "schedule"],
        env=ours | here | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert running.stdout
    said = []
    for line in running.stdout:
        said.append(line.strip())
        if line == "loads: failed\n":
            running.send_signal(signal.SIGTERM)
    assert running.wait(PATIENCE_SECONDS) == 0, said
    assert {line.split()[0] for line in said if " UTC: " in line} == set(JOBS)
    assert said[-1] == "schedule: stopped"
    checked = CliRunner().invoke(app, ["schedule", "--check"], env=here)
    assert checked.exit_code == 1
    assert str(checked.exception) == "failed last time: loads"
