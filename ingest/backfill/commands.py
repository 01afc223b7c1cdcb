"""The command `backfill`."""

from datetime import datetime
from typing import Annotated

import typer

from ingest.events.topics import listed
from ingest.settings import load_settings

DAY = ["%Y-%m-%d"]


def backfill_command(
    first: Annotated[
        datetime, typer.Option("--from", formats=DAY, help="First day: of arrival, of events.")
    ],
    last: Annotated[datetime, typer.Option("--to", formats=DAY, help="Last day.")],
    topics: Annotated[
        str, typer.Option(help="Only these, separated by commas: user.events,clicks")
    ] = "",
    marts: Annotated[
        str, typer.Option(help="Compute these and what reads them anew: fact_orders,fact_session")
    ] = "",
    may_lose: Annotated[
        bool,
        typer.Option("--allow-loss", help="Rows of marts may vanish: a rule was changed to it."),
    ] = False,
    is_anew: Annotated[
        bool, typer.Option("--anew", help="Do not go on with a run that was cut off.")
    ] = False,
) -> None:
    """Bring days of topics back from the archive, and compute days of marts anew.

    What is right already stays untouched. A run that was cut off goes on where it was. Days are
    UTC; those of topics are days of arrival.
    """
    from ingest.backfill.run import backfill

    result = backfill(
        load_settings(),
        first.date(),
        last.date(),
        typer.echo,
        listed(topics),
        listed(marts),
        may_lose=may_lose,
        is_anew=is_anew,
    )
    if not marts or topics:
        back = result.archive
        typer.echo(f"backfill: {back.rows:,} rows and {back.letters:,} dead letters came back")
    if marts:
        rows = sum(result.models.values())
        typer.echo(f"backfill: {rows:,} rows of {len(result.models):,} models differ now")
