"""Raw events are kept for as many days as the topic registry says, then dropped by the day.

A day is detached without waiting in front of readers: those who read it finish, those who come
do not see it any more. What is interrupted in between is finished by the next run. Where there is
an archive, what it does not hold yet stays.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import LiteralString

import psycopg
from psycopg import sql

from ingest.events.raw import SCHEMA
from ingest.events.topics import Topic, topics

LOCK_WAIT = "10s"

# A day that was detached but not dropped has no parent any more.
_DAYS = """
select
    c.relname,
    i.inhparent is not null as is_attached,
    coalesce(i.inhdetachpending, false) as is_pending
from pg_class as c
left join pg_inherits as i on c.oid = i.inhrelid
where
    c.relnamespace = %(schema)s::regnamespace
    and c.relkind = 'r'
    and c.relname ~ ('^' || %(table)s || '_[0-9]{8}$')
    and right(c.relname, 8) < %(first_kept)s
order by is_pending desc, c.relname
"""

# A run of the archive takes all loads up to a number; what a backfill brought came from there.
_FIRST_UNARCHIVED = """
with records as (
    select _load_id, _loaded_at from {table}
    union all
    select _load_id, _loaded_at from raw_events.dead_letter where topic = %(topic)s
)

select (min(_loaded_at) at time zone 'UTC')::date
from records
where
    _load_id > (
        select coalesce(max(last_load_id), 0) from ops.archive_run where completed_at is not null
    )
    and _load_id not in (select load_id from ops.load_manifest where source = 'backfill')
"""

# What was skipped has no time of its own: results go with their run.
_FORGET: tuple[LiteralString, ...] = (
    """
    delete from ops.build_result where invocation_id in (
        select invocation_id from ops.build_run
        where completed_at < now() - make_interval(days => %(days)s)
    )
    """,
    "delete from ops.build_run where completed_at < now() - make_interval(days => %(days)s)",
    "delete from ops.load_run where completed_at < now() - make_interval(days => %(days)s)",
    "delete from ops.alert_outbox where enqueued_at < now() - make_interval(days => %(days)s)",
)


def drop_expired(
    conn: psycopg.Connection,
    say: Callable[[str], None],
    today: date | None = None,
    *,
    only_archived: bool = False,
) -> int:
    """Drop the days of every topic that are older than its `raw_retention_days`.

    Dead letters of that age go too: they hold the same data. `conn` must be in autocommit mode;
    `today` (UTC) is for tests. With `only_archived` a topic's days stay from the first one on that
    the archive does not hold completely. A day that is still being read after ten seconds stays
    until the next run. `say` names what stays. Returns the number of dropped days.
    """
    today = today or datetime.now(UTC).date()
    conn.execute(sql.SQL("set lock_timeout = {}").format(LOCK_WAIT))
    dropped = 0
    for topic in topics().values():
        first_kept = today - timedelta(days=topic.raw_retention_days)
        waiting = _first_unarchived(conn, topic) if only_archived else None
        if waiting and waiting < first_kept:
            say(f"{topic.topic} stays from {waiting} on, not archived yet: `coursehouse archive`")
            first_kept = waiting
        conn.execute(
            "delete from raw_events.dead_letter where topic = %s and _loaded_at < %s",
            [topic.topic, datetime(first_kept.year, first_kept.month, first_kept.day, tzinfo=UTC)],
        )
        for name, is_attached, is_pending in _days(conn, topic, first_kept):
            try:
                if is_attached:
                    _detach(conn, topic, name, "finalize" if is_pending else "concurrently")
                conn.execute(sql.SQL("drop table {}").format(sql.Identifier(SCHEMA, name)))
                dropped += 1
            except psycopg.errors.LockNotAvailable:
                say(f"{SCHEMA}.{name} is being read, it goes next time")
    return dropped


def forget_results(conn: psycopg.Connection, days: int) -> int:
    """Delete results of builds, runs of loads and messages about alerts older than so many days.

    Returns the number of rows.
    """
    return sum(conn.execute(statement, {"days": days}).rowcount for statement in _FORGET)


def _first_unarchived(conn: psycopg.Connection, topic: Topic) -> date | None:
    """The first day (UTC) of which the archive lacks a record."""
    table = sql.Identifier(topic.schema_name, topic.table_name)
    query = sql.SQL(_FIRST_UNARCHIVED).format(table=table)
    row = conn.execute(query, {"topic": topic.topic}).fetchone()
    return row[0] if row else None


def _days(conn: psycopg.Connection, topic: Topic, first_kept: date) -> list[tuple[str, bool, bool]]:
    parameters = {
        "schema": SCHEMA,
        "table": topic.table_name,
        "first_kept": f"{first_kept:%Y%m%d}",
    }
    return conn.execute(_DAYS, parameters).fetchall()


def _detach(conn: psycopg.Connection, topic: Topic, name: str, how: str) -> None:
    conn.execute(
        sql.SQL("alter table {} detach partition {} {}").format(
            sql.Identifier(SCHEMA, topic.table_name), sql.Identifier(SCHEMA, name), sql.SQL(how)
        )
    )
