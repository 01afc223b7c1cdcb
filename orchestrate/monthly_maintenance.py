"""The first Sunday of the month: archive, retention, bloat of tables and indexes, backups."""

from airflow.sdk import DAG
from coursehouse_steps import COMMON, alert, coursehouse

with DAG(
    "monthly_maintenance",
    schedule="30 4 * * sun#1",
    description=__doc__,
    **COMMON,
):
    coursehouse("maintain", "maintain") >> alert()
