"""Every hour but the night's: build if anything was loaded, tell of what is wrong.

Nothing is overtaken: a build that finds another one running waits for it.
"""

from airflow.sdk import DAG
from coursehouse_steps import COMMON, alert, build, source_freshness

with DAG(
    "hourly_analytics_etl",
    schedule="15 0,1,3-23 * * *",
    description=__doc__,
    **COMMON,
):
    build("--if-new") >> source_freshness() >> alert()
