"""Every night: load, build, document, archive, and drop what is too old.

A day is worked again by `airflow dags trigger daily_analytics_etl --conf '{"date": "2024-01-15"}'`.
"""

from airflow.sdk import DAG
from coursehouse_steps import (
    COMMON,
    IS_GRAPH,
    alert,
    build,
    coursehouse,
    load_events,
    load_moodle,
    load_stripe,
    optional_day,
    source_freshness,
)

with DAG(
    "daily_analytics_etl",
    schedule="0 2 * * *",
    description=__doc__,
    params={"date": optional_day("Work this day again: from the archive, and from Stripe.")},
    **COMMON,
):
    archived = coursehouse(
        "backfill",
        "backfill",
        "--from={{ params.date }}",
        "--to={{ params.date }}",
        only_if="{{ params.date or '' }}",
    )
    loads = [
        load_moodle(),
        load_stripe(since="params.date"),
        load_events(),
        coursehouse("load_fx", "load", "fx"),
        archived,
    ]
    if IS_GRAPH:
        from coursehouse_graph import build_graph  # cosmos costs seconds to import

        built = build_graph()
    else:
        built = build()
    report = coursehouse("report", "report")
    archive = coursehouse("archive", "archive", "--compact")
    warm = coursehouse("warm", "dashboards", "warm", "--if-running")
    docs = coursehouse("docs", "docs")
    retention = coursehouse("retention", "retention")
    freshness = source_freshness()

    loads >> built >> [freshness, report, archive, warm]
    [freshness, warm, report >> docs, archive >> retention] >> alert()
