"""The command `load changes`: what Debezium tells of Moodle's tables."""

from functools import partial
from typing import Annotated

import typer

from ingest.monitoring.options import MetricsPort
from ingest.settings import load_settings


def load_changes_command(
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on until SIGINT or SIGTERM.")
    ] = False,
    from_earliest: Annotated[
        bool,
        typer.Option("--from-earliest", help="Where Kafka lost records, go on with what is left."),
    ] = False,
    metrics_port: MetricsPort = None,
) -> None:
    """Load changes of Moodle's tables from Kafka, as `coursehouse connect` has them captured.

    Instead of `load moodle`, or between two of them.
    """
    from ingest.kafka.feeds import changes
    from ingest.kafka.load import load_events
    from ingest.monitoring.measure import measured
    from ingest.signals import stop_on_signals

    settings, say = load_settings(), partial(typer.echo)
    feed = changes(settings.moodle_prefix)
    with measured(settings, feed.source, say, port=metrics_port) as figures:
        with stop_on_signals() as is_stopped:
            loaded = load_events(
                settings,
                say,
                follow=follow,
                from_earliest=from_earliest,
                is_stopped=is_stopped,
                figures=figures,
                feed=feed,
            )
        typer.echo("\n".join(loaded.lines("changes")))
