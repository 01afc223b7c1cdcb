"""The command `load stripe`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from ingest.errors import UserError
from ingest.events.topics import listed
from ingest.settings import load_settings
from ingest.warehouse.merge import Counts


def load_stripe_command(
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Read again all that was created from this day (UTC) on."
        ),
    ] = None,
    objects: Annotated[
        str, typer.Option(help="Only these, separated by commas: events,charges")
    ] = "",
) -> None:
    """Ask Stripe's API for missed events and for objects as they are now."""
    # dlt costs a second to import: only those who load pay for it
    from ingest.monitoring.measure import measured
    from ingest.stripe.load import load_stripe

    settings = load_settings()
    with measured(settings, "stripe", typer.echo, is_batch=True) as figures:
        first = since.replace(tzinfo=UTC) if since else None
        result = load_stripe(settings, typer.echo, listed(objects), first)
        found = result.objects
        figures.changed(Counts(result.events))
        figures.changed(found)
        typer.echo(
            f"Stripe loaded: {result.events:,} events no webhook had brought,"
            f" {found.inserted:,} new, {found.updated:,} changed, {found.deleted:,} deleted objects"
            + (f"; {result.left_out:,} left out, see above" if result.left_out else "")
        )
        if result.forbidden:
            missing = ", ".join(f"{kind} ({need})" for kind, need in result.forbidden.items())
            raise UserError(
                f"the key may not read {missing}: permit it at Stripe (Developers > API keys)"
                " or leave it out with --objects; everything else was loaded"
            )
