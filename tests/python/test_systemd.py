"""The units for people without Airflow: systemd accepts them, and they do what jobs do."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from alert_receiver import receiving
from typer.testing import CliRunner

from ingest.cli import app
from ingest.jobs import JOBS
from ingest.settings import PROJECT_DIR

UNITS = sorted((PROJECT_DIR / "deploy" / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
TIMERS = [unit for unit in UNITS if unit.suffix == ".timer"]
INSTALLED = "/opt/coursehouse/.venv/bin/coursehouse"
TELLER = "coursehouse-failed@%N.service"


def commands(unit: Path) -> list[list[str]]:
    """The command lines of a service, without the program."""
    lines = re.findall(r"^Exec\w+=(.*)$", unit.read_text(), re.MULTILINE)
    words = [shlex.split(line) for line in lines if "%i" not in line]  # a template has its own test
    assert {program for program, *_ in words} <= {INSTALLED}
    return [arguments for _, *arguments in words]


def unit(name: str) -> Path:
    """A file of deploy/systemd."""
    return PROJECT_DIR / "deploy" / "systemd" / f"coursehouse-{name}"


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


@pytest.mark.parametrize("name", JOBS)
def test_a_timer_starts_its_job_when_the_list_of_jobs_says(name: str) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no systemd-analyze here to read calendars with")
    (when,) = re.findall(r"^OnCalendar=(.*)$", unit(f"{name}.timer").read_text(), re.MULTILINE)
    base = datetime(2026, 10, 30, 23, 59, 30, tzinfo=UTC)
    words = [program, "calendar", "--iterations=200", f"--base-time={base:%F %T} UTC", when]
    shown = subprocess.run(
        words, check=True, capture_output=True, text=True, env={"TZ": "UTC"}
    ).stdout
    moments = re.findall(r"(?:elapse|#\d+): \w+ (\S+ \S+) UTC$", shown, re.MULTILINE)
    expected = []
    for _ in moments:
        base = JOBS[name].next_start(base)
        expected.append(f"{base:%F %T}")
    assert moments == expected
    assert len(moments) == 200


def test_every_job_has_a_timer_and_units_run_nothing_else() -> None:
    assert sorted(unit(f"{name}.timer") for name in JOBS) == TIMERS
    for name in JOBS:
        assert commands(unit(f"{name}.service")) == [["job", name]]


@pytest.mark.parametrize("service", SERVICES, ids=ids)
def test_a_unit_calls_commands_there_are(service: Path) -> None:
    for arguments in commands(service):
        asked = CliRunner().invoke(app, [*arguments, "--help"])
        # of an option that does not exist that is said instead, and of a command, too
        assert asked.exit_code == 0, asked.output
        words = (w for w in arguments if w[0] != "-" and w not in JOBS and not w.isdigit())
        assert f"coursehouse {' '.join(words)}" in asked.output


def test_a_job_that_failed_is_told_to_those_who_get_alerts_and_no_address_shows(
    free_port: Callable[[], int],
) -> None:
    told = {name for name in JOBS if f"OnFailure={TELLER}" in unit(f"{name}.service").read_text()}
    assert told == set(JOBS) - {"loads"}  # of loads alerts tell
    (line,) = re.findall(r"^ExecStart=(.*)$", unit("failed@.service").read_text(), re.MULTILINE)
    line = line.replace("/opt/coursehouse/.venv/bin", str(Path(sys.executable).parent))
    with receiving(free_port()) as inbox:
        subprocess.run(
            shlex.split(line.replace("%i", "coursehouse-nightly")),
            env={"COURSEHOUSE_ALERT_URLS": f"{inbox.webhook()} {inbox.webhook('other')}"},
            check=True,
        )
    told_text = (
        "[error] coursehouse-nightly failed\njournalctl --unit coursehouse-nightly says why."
    )
    assert inbox.texts("/hook") == inbox.texts("/other") == [told_text]
    assert "$COURSEHOUSE_ALERT_URLS" in line.partition(" exec ")[0]
    assert "$" not in line.partition(" exec ")[2]


def test_what_prometheus_looks_for_is_served_where_it_looks() -> None:
    wanted = yaml.safe_load((PROJECT_DIR / "monitoring/prometheus/prometheus.yml").read_text())
    ports = {
        job["job_name"]: job["static_configs"][0]["targets"][0].rpartition(":")[2]
        for job in wanted["scrape_configs"]
    }
    stream, exporter, changes = (
        commands(unit(f"{name}.service")) for name in ("stream", "exporter", "changes")
    )
    assert changes == [
        ["load", "changes", "--follow", "--metrics-port", ports["coursehouse-changes"]]
    ]
    assert stream == [["stream", "--metrics-port", ports["coursehouse-loads"]]]
    assert exporter == [["metrics", "--port", ports["coursehouse-warehouse"]]]
    assert f"127.0.0.1:{ports['coursehouse-collector']}" in unit("collector.service").read_text()
