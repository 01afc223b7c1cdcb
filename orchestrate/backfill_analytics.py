"""On demand: bring days of topics back from the archive, compute days of marts anew.

`airflow dags trigger backfill_analytics --conf '{"from": "2024-01-01", "to": "2024-01-31"}'`;
run it twice, and the second run changes nothing.
"""

from airflow.sdk import DAG, Param
from coursehouse_steps import COMMON, NAMES, build, coursehouse, day

with DAG(
    "backfill_analytics",
    schedule=None,
    description=__doc__,
    params={
        "from": day("First day."),
        "to": day("Last day."),
        "topics": Param(
            "", type="string", pattern=NAMES, description="Only these, separated by commas."
        ),
        "marts": Param(
            "", type="string", pattern=NAMES, description="Compute these anew, by commas."
        ),
    },
    **COMMON,
):
    archived = coursehouse(
        "backfill",
        "backfill",
        "--from={{ params['from'] }}",
        "--to={{ params['to'] }}",
        "{{ '--topics=' ~ params.topics if params.topics else '' }}",
        "{{ '--marts=' ~ params.marts if params.marts else '' }}",
    )
    archived >> build()
