"""The command `load fx`."""

from pathlib import Path
from typing import Annotated

import typer

from ingest.settings import load_settings


def load_fx_command(
    sample: Annotated[
        bool, typer.Option("--sample", help="The rates that ship with Coursehouse: no network.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Read the whole history again, not only what is new.")
    ] = False,
    file: Annotated[
        Path | None,
        typer.Option(help="Rates of another provider, for currencies the ECB does not quote."),
    ] = None,
    provider: Annotated[str, typer.Option(help="Whose rates the file holds.")] = "ecb",
) -> None:
    """Load the ECB's daily reference exchange rates, or those of a file written like the ECB's.

    Its first line is Date,KWD,...; then a line a day, 2026-10-30,0.3421: units to one euro.
    """
    # dlt costs a second to import: only those who load pay for it
    from ingest.fx.load import load_fx
    from ingest.monitoring.measure import measured

    settings = load_settings()
    with measured(settings, "fx", typer.echo, is_batch=True) as figures:
        added, latest = load_fx(settings, sample, full, file, provider)
        figures.changed(added)
    typer.echo(
        f"exchange rates loaded: {added.inserted:,} new, {added.updated:,} restated,"
        f" the latest of {latest}"
    )
