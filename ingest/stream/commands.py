"""The command `stream`."""

from typing import Annotated

import typer

from ingest.events.topics import listed
from ingest.monitoring.options import MetricsPort
from ingest.settings import load_settings


def stream_command(
    topics: Annotated[
        str, typer.Option(help="Only these, separated by commas: user.events,quiz")
    ] = "",
    every: Annotated[
        float | None,
        typer.Option(help="Seconds from one cycle to the next.", min=1, max=3600),
    ] = None,
    from_earliest: Annotated[
        bool,
        typer.Option("--from-earliest", help="Where Kafka lost records, go on with what is left."),
    ] = False,
    metrics_port: MetricsPort = None,
) -> None:
    """Follow the topics, build what is wanted in near real time, and tell of alerts, until stopped.

    SIGINT and SIGTERM end it after the cycle in hand.
    """
    from ingest.signals import stop_on_signals
    from ingest.stream.run import Stream

    settings = load_settings()
    with stop_on_signals() as is_stopped:
        stream = Stream(settings, typer.echo, every or settings.stream_seconds, is_stopped)
        cycles, loaded = stream.run(listed(topics), from_earliest, metrics_port)
    typer.echo("\n".join(loaded.lines()))
    typer.echo(f"stream: stopped after {cycles:,} cycles")
