"""Call what a DAG's task calls when it has failed for good. Runs in Airflow's environment."""

import sys
from pathlib import Path
from types import SimpleNamespace

from airflow.dag_processing.dagbag import BundleDagBag

folder, dag_id, task_id, reason = sys.argv[1:]
dag = BundleDagBag(folder, bundle_path=Path(folder), bundle_name="orchestrate").dags[dag_id]
task = dag.get_task(task_id)
ti = SimpleNamespace(task_id=task_id, try_number=3, log_url="http://127.0.0.1:8080/log")
for callback in task.on_failure_callback:
    callback({"dag": dag, "ti": ti, "run_id": "manual", "exception": Exception(reason)})
