"""The command `retention`."""

import typer

from ingest.settings import load_settings


def retention_command() -> None:
    """Drop raw events older than their topic's raw_retention_days in seeds/kafka_topics.csv."""
    from ingest.events.retention import drop_expired
    from ingest.postgres import connect
    from ingest.warehouse.bootstrap import bootstrap

    with connect(load_settings()) as conn:
        conn.autocommit = True
        bootstrap(conn)
        dropped = drop_expired(conn, typer.echo)
    typer.echo(f"retention: {dropped:,} days of raw events dropped")
