"""`coursehouse simulate stripe`."""

from pathlib import Path
from typing import Annotated

import typer

from ingest.errors import UserError
from ingest.settings import Settings, load_settings
from ingest.simulate.money.plan import AccountPlan


def simulate_stripe_command(
    to: Annotated[str, typer.Option(help="http://host:port of a collector, or an empty folder.")],
    seed: Annotated[int, typer.Option(help="Same seed and options, same bytes.")] = 1,
    customers: Annotated[int, typer.Option(help="How many, sixty written ones at least.")] = 66,
    shuffle: Annotated[bool, typer.Option("--shuffle", help="Arrive in any order.")] = False,
    duplicate_share: Annotated[float, typer.Option(help="Arrive twice.")] = 0.0,
    old_api_share: Annotated[
        float, typer.Option(help="Are written in an API version of 2024.")
    ] = 0.3,
) -> None:
    """Play a year and more of a Stripe account whose truth is known.

    To a collector, as webhooks signed with the first of COURSEHOUSE_STRIPE_WEBHOOK_SECRETS. To a
    folder: events.jsonl (webhooks, one a line), objects.json (what the API lists at the end), and
    truth.json.
    """
    plan = AccountPlan(
        seed=seed,
        customers=customers,
        shuffle=shuffle,
        duplicate_share=duplicate_share,
        old_api_share=old_api_share,
    )
    from ingest.simulate.money.deliver import deliveries, to_endpoint, to_folder
    from ingest.simulate.money.play import play

    is_collector = to.startswith(("http://", "https://"))
    secret = _secret(load_settings()) if is_collector else ""
    played = play(plan)
    sent = (
        to_endpoint(deliveries(played), to, secret) if is_collector else to_folder(played, Path(to))
    )
    people = len(played.world.customers)
    typer.echo(f"{sent:,} webhooks of a Stripe account with {people:,} customers are in {to}")


def _secret(settings: Settings) -> str:
    """The one that signs: while secrets are rotated, the first is the new one."""
    if settings.stripe_webhook_secrets is None:
        raise UserError(
            "webhooks have to be signed: give the collector's secret in"
            " COURSEHOUSE_STRIPE_WEBHOOK_SECRETS"
        )
    return settings.stripe_webhook_secrets.get_secret_value().split(",")[0].strip()
