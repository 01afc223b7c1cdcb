"""Rules, configuration and documentation of monitoring: made of one source, and valid."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest.metrics import metrics
from ingest.monitoring.docs import PAGE, page
from ingest.monitoring.rules import RULES, read_rules, rules_file
from ingest.settings import PROJECT_DIR

PROMETHEUS = PROJECT_DIR / "monitoring" / "prometheus"
ALERTMANAGER = PROJECT_DIR / "monitoring" / "alertmanager" / "alertmanager.yml"
SCRAPING = "rules_scraping.yml"
NO_PROMETHEUS = "needs promtool of Debian's package prometheus"
NO_ALERTMANAGER = "needs amtool of Debian's package prometheus-alertmanager"


def alerts() -> list[dict[str, Any]]:
    """Every alert of both files."""
    files = [yaml.safe_load((PROMETHEUS / n).read_text()) for n in ("rules.yml", SCRAPING)]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run a tool in Prometheus' directory; both streams in one."""
    tool = shutil.which(str(command[0]))
    if tool is None:
        pytest.skip(NO_ALERTMANAGER if command[0] == "amtool" else NO_PROMETHEUS)
    return subprocess.run(
        [tool, *map(str, command[1:])],
        cwd=PROMETHEUS,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_the_rules_are_those_of_the_seed() -> None:
    assert RULES.read_text() == rules_file(), "run python -m ingest.monitoring.rules"


def test_the_page_names_every_metric() -> None:
    assert PAGE.read_text() == page(), "run python -m ingest.monitoring.docs"


def test_metrics_are_named_once_and_as_prometheus_wants_it() -> None:
    names = [one.name for one in metrics()]
    assert len(names) == len(set(names))
    units = ("_seconds", "_bytes", "_ratio", "_records")
    for one in metrics():
        assert re.fullmatch(r"coursehouse(_[a-z0-9]+)+", one.name)
        assert (one.kind == "counter") == one.name.endswith("_total")
        assert (one.kind == "histogram") == bool(one.buckets)
        assert one.kind != "histogram" or one.name.endswith(units)
        assert one.help.endswith(".")


def test_every_metric_of_a_rule_is_known() -> None:
    known = {one.sample for one in metrics()}
    assert [rule.rule for rule in read_rules() if rule.metric not in known] == []


def test_a_threshold_on_a_histogram_is_one_of_its_bounds() -> None:
    """Between two bounds Prometheus guesses, and beyond the last it sees nothing."""
    judged = [
        (rule.threshold, one.buckets)
        for rule in read_rules()
        for one in metrics()
        if one.sample == rule.metric and one.kind == "histogram"
    ]
    assert judged
    assert all(t in buckets and t < buckets[-1] for t, buckets in judged)


def test_prometheus_takes_its_configuration() -> None:
    checked = run("promtool", "check", "config", PROMETHEUS / "prometheus.yml")
    assert checked.returncode == 0, checked.stdout


def test_every_alert_is_tried_with_a_reason_and_without() -> None:
    tried = run("promtool", "test", "rules", "rules_test.yml")
    assert tried.returncode == 0, tried.stdout
    tests = yaml.safe_load((PROMETHEUS / "rules_test.yml").read_text())["tests"]
    assert {alert["alert"] for alert in alerts()} == set(
        re.findall(r"Coursehouse\w+", " ".join(test["name"] for test in tests))
    )


@pytest.mark.parametrize("broken", ["vector(1) > 1", "vector(1) > 0"])
def test_those_tests_fail_for_rules_that_never_or_always_hold(broken: str, tmp_path: Path) -> None:
    for name in ("rules.yml", SCRAPING):
        rules = yaml.safe_load((PROMETHEUS / name).read_text())
        for rule in rules["groups"][0]["rules"]:
            rule["expr"] = broken
        (tmp_path / name).write_text(yaml.safe_dump(rules))
    shutil.copy(PROMETHEUS / "rules_test.yml", tmp_path)
    tried = run("promtool", "test", "rules", tmp_path / "rules_test.yml")
    assert tried.returncode != 0
    told = set(re.findall(r"Coursehouse\w+", tried.stdout))
    assert [alert["alert"] for alert in alerts() if alert["alert"] not in told] == []


def test_alertmanager_takes_its_configuration() -> None:
    checked = run("amtool", "check-config", ALERTMANAGER)
    assert checked.returncode == 0, checked.stdout


def test_nobody_is_told_again_within_a_cooldown() -> None:
    config = yaml.safe_load(ALERTMANAGER.read_text())
    waits = {
        re.findall(r'cooldown="(\d+)m"', route["matchers"][0])[0]: _minutes(
            route["repeat_interval"]
        )
        for route in config["route"]["routes"]
    }
    cooldowns = {alert["labels"]["cooldown"].removesuffix("m") for alert in alerts()}
    assert waits == {cooldown: int(cooldown) for cooldown in cooldowns}


def test_no_secret_stands_in_the_configuration() -> None:
    config = yaml.safe_load(ALERTMANAGER.read_text())
    names = [*config["global"], *(key for r in config["receivers"] for key in _keys(r))]
    secret = re.compile("url|token|password|secret|key")
    assert [name for name in names if secret.search(name) and not name.endswith("_file")] == []


def _keys(value: Any) -> list[str]:
    if isinstance(value, list):
        return [key for one in value for key in _keys(one)]
    if isinstance(value, dict):
        return [*value, *(key for one in value.values() for key in _keys(one))]
    return []


def _minutes(duration: str) -> int:
    return int(duration[:-1]) * {"m": 1, "h": 60}[duration[-1]]
