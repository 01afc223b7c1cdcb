"""The command `erase`."""

from typing import Annotated

import typer

from ingest.errors import UserError
from ingest.settings import load_settings


def erase_command(
    user: Annotated[
        str, typer.Option("--user", help="Id of the account in Moodle, or in an application.")
    ] = "",
    student_hash: Annotated[
        str, typer.Option("--hash", help="Pseudonym in the marts: student_hash.")
    ] = "",
    stripe_customer: Annotated[
        str, typer.Option(help="Customers of Stripe, separated by commas: cus_...")
    ] = "",
    is_dry: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be changed.")
    ] = False,
) -> None:
    """Erase a person: their rows become a stranger's, and nothing of them is taken in again.

    docs/runbook.md says what this reaches, and what it does not. Run `build` afterwards.
    """
    from ingest.erasure.run import erase

    customers = [one.strip() for one in stripe_customer.split(",") if one.strip()]
    if bool(user) + bool(student_hash) > 1 or not (user or student_hash or customers):
        raise UserError("say whom to erase: --user or --hash, or --stripe-customer")
    done = erase(
        load_settings(),
        typer.echo,
        user or None,
        student_hash or None,
        customers,
        is_dry=is_dry,
    )
    for table, rows in sorted(done.rows.items()):
        typer.echo(f"{table}: {rows:,} rows")
    for customer in done.customers:
        typer.echo(f"customer of Stripe: {customer}; Stripe itself still knows who it is")
    verb = "would be changed" if is_dry else "changed"
    typer.echo(f"erase: {sum(done.rows.values()):,} rows and {done.files:,} archive files {verb}")
    if not is_dry:
        typer.echo("run `coursehouse build` now: marts show the rest of it only after that")
