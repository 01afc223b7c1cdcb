"""The build as a graph: one dbt process, and a task for every model, seed and snapshot of it.

For looking: cosmos' watcher has one task run `dbt build`, and the others wait for their node in
it. Nothing of it is tried again. What cosmos would do by itself, to run a failed model alone,
leaves its tests out and what reads it unbuilt: `orchestrate/dbt` refuses that.
"""

from pathlib import Path

from airflow.sdk import TaskGroup
from cosmos import DbtTaskGroup, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, InvocationMode, LoadMode, TestBehavior
from coursehouse_steps import PROJECT, SELECT

MANIFEST = PROJECT / "target" / "manifest.json"


def build_graph(manifest: Path = MANIFEST) -> TaskGroup:
    """The group `build`, from the manifest that the last `dbt parse` wrote."""
    return DbtTaskGroup(
        group_id="build",
        project_config=ProjectConfig(
            dbt_project_path=PROJECT, manifest_path=manifest, install_dbt_deps=False
        ),
        profile_config=ProfileConfig(
            profile_name="coursehouse",
            target_name="warehouse",
            profiles_yml_filepath=PROJECT / "profiles.yml",
        ),
        execution_config=ExecutionConfig(
            execution_mode=ExecutionMode.WATCHER,
            invocation_mode=InvocationMode.SUBPROCESS,
            dbt_executable_path=PROJECT / "orchestrate" / "dbt",
            # cosmos would leave out the tests of which it shows no task
            setup_operator_args={"dbt_cmd_flags": ["--resource-type", "test"]},
        ),
        render_config=RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            select=SELECT.split(),
            test_behavior=TestBehavior.NONE,
            emit_datasets=False,
        ),
        operator_args={"retries": 0, "trigger_rule": "none_failed", "install_deps": False},
    )
