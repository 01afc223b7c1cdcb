"""Every ten minutes: load what is new, tell of what is wrong.

The next run tries again what failed, and alerts tell of it: no mail for each.
"""

from airflow.sdk import DAG
from coursehouse_steps import COMMON, alert, load_events, load_moodle, load_stripe

ONCE = {**COMMON["default_args"], "retries": 0, "on_failure_callback": []}

with DAG(
    "frequent_loads",
    schedule="*/10 * * * *",
    description=__doc__,
    **(COMMON | {"default_args": ONCE}),
):
    [load_moodle(), load_stripe(), load_events()] >> alert()
