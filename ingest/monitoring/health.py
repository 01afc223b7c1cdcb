"""Whether loads that follow succeed: for the health check of a container.

`python -m ingest.monitoring.health stream events` ends with 1 unless each of these sources did what
it is for within five minutes; a stream that waits for another build does.
"""

import math
import sys

import psycopg
from psycopg.types.json import Jsonb

from ingest.errors import UserError
from ingest.metrics import LOAD_LAST_SUCCESS
from ingest.postgres import connect
from ingest.settings import Settings, load_settings

STALE_SECONDS = 300.0  # stream_stale of seeds/alert_rules.csv
_AGE = """
select extract(epoch from now())::float8 - value from ops.metric_sample
where metric = %s and labels = %s order by sampled_at desc limit 1
"""


def ailing(settings: Settings, sources: list[str]) -> list[str]:
    """Those of `sources` that did not succeed lately. Raises `UserError`, `psycopg.Error`."""
    with connect(settings) as conn:
        return [source for source in sources if _age(conn, source) >= STALE_SECONDS]


def _age(conn: psycopg.Connection, source: str) -> float:
    found = conn.execute(_AGE, [LOAD_LAST_SUCCESS.sample, Jsonb({"source": source})]).fetchone()
    return float(found[0]) if found else math.inf


if __name__ == "__main__":
    try:
        found = ailing(load_settings(), sys.argv[1:])
    except (UserError, psycopg.Error) as error:
        sys.exit(f"the warehouse does not answer: {error}")
    if found:
        sys.exit(f"no success within {STALE_SECONDS:.0f} s: {', '.join(found)}")
