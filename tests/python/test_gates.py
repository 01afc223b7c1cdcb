"""The gates of the project: dbt-bouncer's house rules, and a proof for every model with logic."""

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from broken_manifest import BREAKS
from model_logic import has_logic, unproved_models
from warehouse_fixtures import Artifacts

from ingest.settings import PROJECT_DIR

CONFIG = PROJECT_DIR / "dbt-bouncer.yml"


def test_the_project_keeps_its_house_rules(artifacts: Artifacts, tmp_path: Path) -> None:
    assert _broken_rules(artifacts.manifest, tmp_path) == {}


def test_every_house_rule_can_be_broken(artifacts: Artifacts, tmp_path: Path) -> None:
    """One manifest breaks all of them: none is written so that nothing fails it."""
    broken = deepcopy(artifacts.manifest)
    for break_rule in BREAKS:
        break_rule(broken)
    failed = _broken_rules(broken, tmp_path)
    rules = yaml.safe_load(CONFIG.read_text())["manifest_checks"]
    assert [f"{i} {rule}" for i, rule in enumerate(rules) if i not in failed] == []


def test_every_model_with_logic_is_proved(artifacts: Artifacts) -> None:
    assert unproved_models(artifacts.manifest) == []


def test_a_model_that_lost_its_unit_tests_is_found(artifacts: Artifacts) -> None:
    kept = {
        id_: test
        for id_, test in artifacts.manifest["unit_tests"].items()
        if test["model"] != "fact_session"
    }
    found = unproved_models(artifacts.manifest | {"unit_tests": kept})
    assert "fact_session: no unit test, no meta.proof" in found


@pytest.mark.parametrize(
    "proof", ["no_such_test", "tests/python/test_gates.py::test_nothing", "README.md::Coursehouse"]
)
def test_a_proof_has_to_exist(artifacts: Artifacts, proof: str) -> None:
    id_ = "model.coursehouse.dim_time"
    model = deepcopy(artifacts.manifest["nodes"][id_])
    model["config"]["meta"]["proof"] = proof
    nodes = artifacts.manifest["nodes"] | {id_: model}
    found = unproved_models(artifacts.manifest | {"nodes": nodes})
    assert f"dim_time: no test is called {proof}" in found


@pytest.mark.parametrize(
    "sql",
    [
        "select case when a then b end as c from {{ ref('x') }}",
        "select a, count(*) as n from x group by a",
        "select row_number() over (order by a) as n from x",
        "select a from x union all select a from y",
        "select a - b as c from x",
        "select a from x inner join y on x.a >= y.a",
        "select e.a from x cross join lateral unnest(x.b) as e (a)",
    ],
)
def test_what_decides_groups_compares_or_calculates_is_logic(sql: str) -> None:
    assert has_logic(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from {{ ref('x') }}",
        "select id as user_id, {{ epoch_to_timestamp('a') }} as a, (b = 1) as is_b from x",
        "select x.*, coalesce(y.a, false) as a from x left join y on x.id = y.id",
        "select a::text as a, b -> 'c' ->> 'd' as d from x where not e and a <> 'count(*)'",
        "-- the largest of a group by day, case by case\nselect a from x",
    ],
)
def test_what_selects_renames_casts_and_joins_is_not(sql: str) -> None:
    assert not has_logic(sql)


def _broken_rules(manifest: dict[str, Any], folder: Path) -> dict[int, list[str]]:
    """Number of each rule in the configuration that fails -> what it says."""
    (folder / "manifest.json").write_text(json.dumps(manifest))
    config = yaml.safe_load(CONFIG.read_text())
    config |= {"dbt_artifacts_dir": ".", "custom_checks_dir": str(PROJECT_DIR / "tests" / "checks")}
    (folder / CONFIG.name).write_text(yaml.safe_dump(config))
    report = folder / "failures.json"
    done = subprocess.run(
        [
            Path(sys.executable).parent / "dbt-bouncer",
            *("--config-file", folder / CONFIG.name, "--output-file", report),
            "--output-only-failures",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.exists(), done.stdout + done.stderr
    failed: dict[int, list[str]] = {}
    for failure in json.loads(report.read_text()):
        rule = int(failure["check_run_id"].split(":")[1])
        failed.setdefault(rule, []).append(failure["failure_message"])
    assert (done.returncode == 0) == (failed == {}), done.stdout
    return failed
