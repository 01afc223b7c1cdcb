"""The command `maintain`."""

import typer

from ingest.settings import load_settings


def maintain_command() -> None:
    """Archive, drop what is too old, clear up tables and indexes, look at the backups.

    Once a month. Safe to repeat, and to interrupt: the next run goes on. Builds wait meanwhile.
    """
    from ingest.maintenance.run import maintain

    maintain(load_settings(), typer.echo)
