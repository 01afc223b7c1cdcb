"""The command `retention`."""

import typer

from ingest.settings import load_settings


def retention_command() -> None:
    """Drop raw events older than their topic's raw_retention_days in seeds/kafka_topics.csv.

    Where there is an archive, days that it does not hold yet stay.
    """
    from ingest.archive.catalog import is_used
    from ingest.events.retention import drop_expired
    from ingest.postgres import connect
    from ingest.warehouse.bootstrap import bootstrap

    settings = load_settings()
    with connect(settings) as conn:
        conn.autocommit = True
        bootstrap(conn)
        dropped = drop_expired(conn, typer.echo, only_archived=is_used(settings, conn))
    typer.echo(f"retention: {dropped:,} days of raw events dropped")
