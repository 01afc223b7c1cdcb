"""Every hour but the night's: load what changed, build if anything did, tell of what is wrong.

Nothing is overtaken: a build that finds another one running waits for it.
"""

from airflow.sdk import DAG
from coursehouse_steps import (
    COMMON,
    alert,
    build,
    load_events,
    load_moodle,
    load_stripe,
    source_freshness,
)

with DAG(
    "hourly_analytics_etl",
    schedule="10 0,1,3-23 * * *",
    description=__doc__,
    **COMMON,
):
    loads = [load_moodle(), load_stripe(), load_events()]
    loads >> build("--if-new") >> [source_freshness(), alert()]
