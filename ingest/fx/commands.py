"""The command `load fx`."""

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
) -> None:
    """Load the ECB's daily reference exchange rates."""
    # dlt costs a second to import: only those who load pay for it
    from ingest.fx.load import load_fx

    added, latest = load_fx(load_settings(), sample, full)
    typer.echo(
        f"exchange rates loaded: {added.inserted:,} new, {added.updated:,} restated,"
        f" the latest of {latest}"
    )
