"""The command `collect`."""

from typing import Annotated

import typer

from ingest.settings import load_settings


def collect_command(
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at.", min=0, max=65535)] = 8087,
    new_key: Annotated[
        str, typer.Option(help="Make a write key of this name, print it once, and end.")
    ] = "",
) -> None:
    """Take records over HTTP (/v1/track, webhooks of Moodle and Stripe) until it is stopped."""
    from ingest.collector import keys, serve

    settings = load_settings()
    if new_key:
        typer.echo(keys.new_key(settings.collect_keys_path, new_key))
    else:
        serve.collect(settings, host, port)
