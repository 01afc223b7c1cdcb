"""Print the DAGs of a folder as JSON, once for each set of variables: in Airflow's environment."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import BundleDagBag


def described(task: Any) -> dict[str, Any]:
    return {
        "owner": task.owner,
        "needs": getattr(task, "needs", None),
        "only_if": getattr(task, "only_if", None),
        "is_teardown": task.is_teardown,
        "retries": task.retries,
        "retry_delay": task.retry_delay.total_seconds(),
        "depends_on_past": task.depends_on_past,
        "trigger_rule": task.trigger_rule,
        "mails": [one.to for one in task.on_failure_callback or [] if hasattr(one, "to")],
        "upstream": sorted(task.upstream_task_ids),
        "program": getattr(task, "program", None),
        "arguments": getattr(task, "arguments", None),
        "operator": type(task).__name__,
        # of a task that runs dbt for cosmos
        "flags": [*task.add_global_flags(), *task.dbt_cmd_flags]
        if hasattr(task, "dbt_cmd_flags")
        else None,
    }


def read(folder: str, variables: dict[str, str]) -> dict[str, Any]:
    os.environ.update(variables)
    for name in [name for name in sys.modules if name.startswith("coursehouse_")]:
        del sys.modules[name]  # they read the variables when they are imported
    bag = BundleDagBag(folder, bundle_path=Path(folder), bundle_name="orchestrate")
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
    for name in variables:
        del os.environ[name]
    return {"errors": bag.import_errors, "dags": dags}


print(json.dumps([read(sys.argv[1], json.loads(variables)) for variables in sys.argv[2:]]))
