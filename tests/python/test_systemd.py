"""The units for people without Airflow: systemd accepts them, and their commands exist."""

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingest.cli import app
from ingest.settings import PROJECT_DIR

UNITS = sorted((PROJECT_DIR / "deploy" / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
TIMERS = [unit for unit in UNITS if unit.suffix == ".timer"]
INSTALLED = "/opt/coursehouse/.venv/bin/coursehouse"


def commands(unit: Path) -> list[list[str]]:
    """The command lines of a service, without the program."""
    lines = re.findall(r"^Exec\w+=(.*)$", unit.read_text(), re.MULTILINE)
    words = [shlex.split(line) for line in lines]
    assert {program for program, *_ in words} == {INSTALLED}
    return [arguments for _, *arguments in words]


def ids(unit: Path) -> str:
    return unit.name


@pytest.mark.parametrize("unit", UNITS, ids=ids)
def test_systemd_finds_no_fault(unit: Path, tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no systemd-analyze here to verify units with")
    for each in UNITS:  # a timer is verified with its service
        text = each.read_text().replace(INSTALLED, str(Path(sys.executable).resolve()))
        text = re.sub(r"^(User|Documentation)=.*\n", "", text, flags=re.MULTILINE)
        (tmp_path / each.name).write_text(text)
    found = subprocess.run(
        [program, "verify", "--man=no", tmp_path / unit.name],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in found.stderr.splitlines() if "coursehouse" in line]
    assert (found.returncode, ours) == (0, [])


@pytest.mark.parametrize("timer", TIMERS, ids=ids)
def test_a_timer_says_when_in_the_words_of_systemd(timer: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no systemd-analyze here to read calendars with")
    (when,) = re.findall(r"^OnCalendar=(.*)$", timer.read_text(), re.MULTILINE)
    subprocess.run([program, "calendar", when], check=True, capture_output=True)
    assert timer.with_suffix(".service") in SERVICES


@pytest.mark.parametrize("unit", SERVICES, ids=ids)
def test_a_unit_calls_commands_there_are(unit: Path) -> None:
    for arguments in commands(unit):
        asked = CliRunner().invoke(app, [*arguments, "--help"])
        # of an option that does not exist that is said instead, and of a command, too
        assert asked.exit_code == 0, asked.output
        assert f"coursehouse {' '.join(w for w in arguments if w[0] != '-')}" in asked.output


def test_every_job_ends_with_a_look_for_alerts() -> None:
    jobs = [unit for unit in SERVICES if unit.with_suffix(".timer") in TIMERS]
    assert len(jobs) == len(TIMERS) == 3
    for job in jobs:
        parser = configparser.RawConfigParser(strict=False)
        parser.read_string(job.read_text())
        assert parser["Service"]["ExecStopPost"] == f"{INSTALLED} alert"
