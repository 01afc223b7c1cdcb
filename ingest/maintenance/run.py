"""`coursehouse maintain`: everything that a month asks for, each step by who knows how to do it."""

import psycopg

from ingest.archive.catalog import is_used
from ingest.archive.compact import compact
from ingest.archive.write import archive
from ingest.build_lock import building
from ingest.errors import UserError
from ingest.events.retention import drop_expired, forget_results
from ingest.files.load import Say
from ingest.maintenance import backups, bloat, reports
from ingest.settings import Settings
from ingest.warehouse.session import warehouse

MB = 1 << 20


def maintain(settings: Settings, say: Say) -> None:
    """Do it, and say what was done, a line each.

    Raises `UserError`: for what stops it, and at the end for backups that are not as they should.
    """
    with warehouse(settings) as conn:
        has_archive = is_used(settings, conn)
    if has_archive:
        say(f"archive: {archive(settings, say):,} records written")
        say(f"archive: {compact(settings, say):,} files merged into larger ones")
    with warehouse(settings) as conn:
        dropped = drop_expired(conn, say, only_archived=has_archive)
        say(f"retention: {dropped:,} days of raw events dropped")
        forgotten = forget_results(conn, settings.ops_retention_days)
        forgotten += reports.forget(conn, settings.ops_retention_days)
        say(f"retention: {forgotten:,} rows of results dropped, of builds, tests, loads and alerts")
    with building(settings, say), warehouse(settings) as conn:
        _clear_up(conn, say)
    if settings.backup_dir is not None:
        state = backups.look(settings.backup_dir)
        say(f"backups: {state.described()}")
        if problem := state.problem(settings.backup_max_age_hours):
            raise UserError(problem)


def _clear_up(conn: psycopg.Connection, say: Say) -> None:
    tables = bloat.vacuum(conn, say)
    indexes = bloat.reindex(conn, say)
    freed = sum(index.size_before - index.size_after for index in indexes)
    say(
        f"cleared up: {tables:,} tables, and {len(indexes):,} indexes,"
        f" now smaller by {freed / MB:,.0f} MB"
    )
