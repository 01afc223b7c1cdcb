"""Whether loads that follow succeed: for the health check of a container.

`python -m ingest.monitoring.health stream events` ends with 1 unless each of these sources did what
it is for within five minutes; a stream may wait for another build as long as that takes.
"""

import sys

import psycopg

from ingest.errors import UserError
from ingest.metrics import LOAD_LAST_SUCCESS
from ingest.postgres import connect
from ingest.settings import Settings, load_settings

STALE_SECONDS = 300.0  # stream_stale of seeds/alert_rules.csv
BUILDERS = ("stream",)
_AGE = """
select extract(epoch from now())::float8 - max(value) from ops.metric_sample
where metric = %s and labels ->> 'source' = %s
"""
# as `pg_try_advisory_lock` would tell, without keeping anybody out for a moment
_IS_BUILDING = """
select exists (
    select from pg_locks
    where
        locktype = 'advisory' and granted and objsubid = 1
        and database = (select oid from pg_database where datname = current_database())
        and (classid::bigint << 32) | objid::bigint = hashtext('coursehouse:build')::bigint
)
"""


def ailing(settings: Settings, sources: list[str]) -> list[str]:
    """Those of `sources` that did not succeed lately. Raises `UserError`, `psycopg.Error`."""
    with connect(settings) as conn:
        return [source for source in sources if not _is_well(conn, source)]


def _is_well(conn: psycopg.Connection, source: str) -> bool:
    ((age,),) = conn.execute(_AGE, [LOAD_LAST_SUCCESS.sample, source]).fetchall()
    if age is not None and age < STALE_SECONDS:
        return True
    ((is_building,),) = conn.execute(_IS_BUILDING).fetchall()
    return source in BUILDERS and bool(is_building)


if __name__ == "__main__":
    try:
        found = ailing(load_settings(), sys.argv[1:])
    except (UserError, psycopg.Error) as error:
        sys.exit(f"the warehouse does not answer: {error}")
    if found:
        sys.exit(f"no success within {STALE_SECONDS:.0f} s: {', '.join(found)}")
