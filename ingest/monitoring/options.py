"""Options that several commands share."""

from typing import Annotated

import typer

MetricsPort = Annotated[
    int | None,
    typer.Option(
        "--metrics-port",
        help="Serve metrics at 127.0.0.1:PORT/metrics meanwhile.",
        min=1,
        max=65535,
    ),
]
