"""The command `load files`."""

import time
from collections.abc import Callable
from typing import Annotated

import typer

from ingest.errors import UserError
from ingest.monitoring.options import MetricsPort
from ingest.settings import load_settings
from ingest.signals import stop_on_signals


def load_files_command(
    url: Annotated[
        str,
        typer.Argument(
            metavar="PATH|URL", help="A file, a folder, s3://, https:// or (with gcsfs) gs://"
        ),
    ],
    topic: Annotated[
        str, typer.Option(help="Topic of all files; else the folder named like a topic decides.")
    ] = "",
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on looking for new files until stopped.")
    ] = False,
    every: Annotated[
        float, typer.Option(min=0.1, help="With --watch: seconds between two looks.")
    ] = 5.0,
    metrics_port: MetricsPort = None,
) -> None:
    """Load CSV, JSON, JSON Lines (also .gz) and Parquet files, each content once per topic."""
    from ingest.archive.auto import archiving
    from ingest.files.load import load_files, watch_files
    from ingest.monitoring.measure import measured

    settings = load_settings()
    with measured(settings, "files", typer.echo, port=metrics_port) as figures:
        if watch:
            with archiving(settings, typer.echo), stop_on_signals() as is_stopping:
                for _ in watch_files(settings, url, typer.echo, topic or None, figures):
                    _pause(every, is_stopping)
                    if is_stopping():
                        break
            typer.echo("stopped")
            return
        with archiving(settings, typer.echo):
            result = load_files(settings, url, typer.echo, topic or None, figures)
            counts = result.files
            typer.echo(
                f"files: {counts['loaded']:,} loaded, {counts['known']:,} loaded before,"
                f" {counts['waiting']:,} waiting, {counts['broken']:,} broken;"
                f" {result.accepted:,} rows, {result.rejected:,} rejected"
            )
        if counts["broken"]:
            raise UserError(f"files that cannot be loaded: {counts['broken']}, see above")


def _pause(seconds: float, is_over: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while not is_over() and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.2))
