"""Print the DAGs of a folder as JSON. Runs in Airflow's environment."""

import json
import sys
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import BundleDagBag


def described(task: Any) -> dict[str, Any]:
    return {
        "owner": task.owner,
        "retries": task.retries,
        "retry_delay": task.retry_delay.total_seconds(),
        "depends_on_past": task.depends_on_past,
        "trigger_rule": task.trigger_rule,
        "mails": [one.to for one in task.on_failure_callback or [] if hasattr(one, "to")],
        "upstream": sorted(task.upstream_task_ids),
        "program": getattr(task, "program", None),
        "arguments": getattr(task, "arguments", None),
        "operator": type(task).__name__,
    }


bag = BundleDagBag(sys.argv[1], bundle_path=Path(sys.argv[1]), bundle_name="orchestrate")
dags = {
    dag.dag_id: {
        "schedule": dag.schedule,
        "start_date": dag.start_date.isoformat(),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "params": {name: dag.params.get_param(name).schema for name in dag.params},
        "tasks": {task.task_id: described(task) for task in dag.tasks},
    }
    for dag in bag.dags.values()
}
print(json.dumps({"errors": bag.import_errors, "dags": dags}))
