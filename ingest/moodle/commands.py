"""The command `load moodle`."""

from typing import Annotated

import typer

from ingest.events.topics import listed
from ingest.settings import load_settings


def load_moodle_command(
    full: Annotated[
        bool, typer.Option("--full", help="Read every row again, not only what is new.")
    ] = False,
    tables: Annotated[
        str, typer.Option(help="Only these, without prefix, separated by commas: user,course")
    ] = "",
) -> None:
    """Load the Moodle database named by COURSEHOUSE_MOODLE_DSN."""
    # dlt and its drivers cost a second to import: only those who load pay for it
    from ingest.monitoring.measure import measured
    from ingest.moodle.load import load_moodle

    settings = load_settings()
    with measured(settings, "moodle", typer.echo, is_batch=True) as figures:
        changed = load_moodle(settings, typer.echo, listed(tables), full)
        figures.changed(changed)
    typer.echo(
        f"Moodle loaded: {changed.inserted:,} new, {changed.updated:,} changed,"
        f" {changed.deleted:,} deleted rows"
    )
