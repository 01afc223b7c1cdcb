"""The command `schedule`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from ingest.errors import UserError
from ingest.settings import load_settings


def schedule_command(
    is_list: Annotated[
        bool, typer.Option("--list", help="Only say when each job is due, and what it does.")
    ] = False,
    is_check: Annotated[
        bool, typer.Option("--check", help="Only say which jobs failed last time: exit code 1.")
    ] = False,
) -> None:
    """Run the scheduled jobs until stopped, where neither systemd nor Airflow does."""
    from ingest.jobs import JOBS
    from ingest.schedule import Journal, Schedule

    journal = Journal(load_settings())
    if is_check:
        if failed := [name for name in JOBS if journal.has_failed(name)]:
            raise UserError(f"failed last time: {', '.join(failed)}")
        return
    for name, job in JOBS.items():
        due = job.next_start(datetime.now(UTC))
        steps = "; ".join(step.name.removeprefix("coursehouse ") for step in job.steps)
        typer.echo(f"{name:<8} {due:%a %Y-%m-%d %H:%M} UTC: {steps}")
    if not is_list:
        Schedule(JOBS, journal, typer.echo).keep()
        typer.echo("schedule: stopped")
