"""The command `retention`."""

import typer

from ingest.settings import load_settings


def retention_command() -> None:
    """Drop raw events older than their topic's raw_retention_days in seeds/kafka_topics.csv.

    Where there is an archive, days that it does not hold yet stay. Results of builds, runs of
    loads and messages about alerts go after COURSEHOUSE_OPS_RETENTION_DAYS.
    """
    from ingest.archive.catalog import is_used
    from ingest.events.retention import drop_expired, forget_results
    from ingest.postgres import connect
    from ingest.warehouse.bootstrap import bootstrap

    settings = load_settings()
    with connect(settings) as conn:
        conn.autocommit = True
        bootstrap(conn)
        dropped = drop_expired(conn, typer.echo, only_archived=is_used(settings, conn))
        forget_results(conn, settings.ops_retention_days)
    typer.echo(f"retention: {dropped:,} days of raw events dropped")
