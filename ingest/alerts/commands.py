"""The command `alert`."""

import json
from functools import partial
from typing import Annotated

import typer

from ingest.errors import UserError
from ingest.settings import load_settings


def alert_command(
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Evaluate and show the messages, send none.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Evaluate the rules of seeds/alert_rules.csv and tell COURSEHOUSE_ALERT_URLS what they find.

    Made to be run every few minutes; docs/alerts.md says what each alert means.
    """
    # dbt and Apprise cost seconds to import: only those who need them pay for it
    from ingest.alerts.evaluate import evaluate
    from ingest.alerts.outbox import deliver, enqueue, preview
    from ingest.alerts.receivers import receivers
    from ingest.warehouse.session import warehouse

    settings = load_settings()
    to = receivers(settings, partial(typer.echo, err=as_json))
    with warehouse(settings) as conn:
        is_evaluated = evaluate(settings, conn)
        if is_dry_run:
            messages = preview(conn, to)
            waiting, refused = len(messages), list[str]()
        else:
            enqueue(conn, to)
            delivery = deliver(conn, to)
            messages, waiting, refused = delivery.sent, delivery.waiting, delivery.refused
    if as_json:
        found = {"evaluated": is_evaluated, "dry_run": is_dry_run, "messages": messages}
        typer.echo(json.dumps(found | {"waiting": waiting, "refused": refused}, indent=2))
    else:
        if is_dry_run:
            for message in messages:
                typer.echo(f"to {message['receiver']}: {message['title']}\n{message['body']}")
        verb = "would be sent" if is_dry_run else "sent"
        typer.echo(f"alerts: {len(messages)} messages {verb}")
    if refused:
        raise UserError(
            f"{', '.join(refused)} did not take a message: {waiting} wait, the next"
            " `coursehouse alert` tries again"
        )
