"""What elementary stored of runs and tests is kept for as long as our own results.

What it knows of the project (models, tests, columns) is no history: it replaces that itself.
"""

from typing import LiteralString

import psycopg

# children first: who is interrupted leaves nothing behind that nobody would find again
_FORGET: tuple[tuple[str, LiteralString], ...] = (
    (
        "elementary.test_result_rows",
        """
        delete from elementary.test_result_rows
        where elementary_test_results_id in (
            select id from elementary.elementary_test_results where created_at < {oldest}
        )
        """,
    ),
    (
        "elementary.elementary_test_results",
        "delete from elementary.elementary_test_results where created_at < {oldest}",
    ),
    (
        "elementary.dbt_run_results",
        "delete from elementary.dbt_run_results where created_at < {oldest}",
    ),
    (
        "elementary.dbt_source_freshness_results",
        "delete from elementary.dbt_source_freshness_results where created_at < {oldest}",
    ),
    (
        "elementary.data_monitoring_metrics",
        "delete from elementary.data_monitoring_metrics where updated_at < {oldest}",
    ),
    (
        "elementary.dbt_invocations",
        "delete from elementary.dbt_invocations where created_at < {oldest}",
    ),
)
_OLDEST: LiteralString = "(now() at time zone 'UTC' - make_interval(days => %(days)s))"


def forget(conn: psycopg.Connection, days: int) -> int:
    """Delete rows older than so many days, where there are such tables; how many there were."""
    forgotten = 0
    for table, statement in _FORGET:
        if conn.execute("select to_regclass(%s) is not null", [table]).fetchone() == (True,):
            delete = statement.replace("{oldest}", _OLDEST)
            forgotten += conn.execute(delete, {"days": days}).rowcount
    return forgotten
