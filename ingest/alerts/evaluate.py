"""Evaluating the rules of alerts: sample what the tables of ops tell, then let dbt look."""

import psycopg

from ingest.build import Dbt
from ingest.errors import UserError
from ingest.settings import Settings
from ingest.warehouse.session import Busy, alone

# What is so now becomes a sample, so that the rules look at samples only.
OBSERVE = """
insert into ops.metric_sample (metric, labels, value, sampled_at)
select metric, labels, value, now() from ops.current_metric
"""


def evaluate(settings: Settings, conn: psycopg.Connection, dbt: Dbt | None = None) -> bool:
    """Bring `ops.alert_event` up to now; False if another process is at it.

    `dbt`: one that has read the project already. Raises `UserError` if the project was never built
    or dbt fails. `conn` must be in autocommit mode; it holds the lock until it closes.
    """
    try:
        alone(conn, "evaluation of alerts")
    except Busy:
        return False
    try:
        conn.execute(OBSERVE)
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        raise UserError(
            "nothing is built yet that could raise an alert: run `coursehouse build`"
        ) from None
    (dbt or Dbt()).alerts(settings.home_dir / "alerts")
    return True
