"""The command `job`."""

from typing import Annotated

import typer

from ingest.errors import UserError


def job_command(
    name: Annotated[str, typer.Argument(help="loads, hourly, nightly or monthly.")],
) -> None:
    """Run a scheduled job now: its commands one after the other, then a look for alerts.

    What is not configured is left out, what fails is tried again. For a scheduler of yours that
    starts it when docs/realtime.md says.
    """
    from ingest.job_run import run_job
    from ingest.jobs import JOBS
    from ingest.signals import stop_on_signals

    if name not in JOBS:
        raise UserError(f"there is no job {name}: choose one of {', '.join(JOBS)}")
    with stop_on_signals() as is_stopped:
        run_job(JOBS[name], lambda line: typer.echo(line), is_stopped)
