"""The command `metrics`."""

from typing import Annotated

import typer

from ingest.settings import load_settings


def metrics_command(
    port: Annotated[
        int | None,
        typer.Option(help="Serve at 127.0.0.1:PORT/metrics until stopped.", min=1, max=65535),
    ] = None,
) -> None:
    """Show the state of the warehouse as Prometheus reads it: last loads and builds, alerts."""
    from ingest.monitoring.exporter import serve_state, state_text

    if port is None:
        typer.echo(state_text(load_settings()), nl=False)
    else:
        serve_state(load_settings(), port, typer.echo)
