"""Alerting rules for Prometheus, made of seeds/alert_rules.csv: thresholds stand there only.

`python -m ingest.monitoring.rules` writes monitoring/prometheus/rules.yml. A rule looks at the
samples that `coursehouse metrics` shows, and at what long-running processes tell themselves. Where
both are scraped they are one alert: labels that say who was asked are left out.
"""

import csv
import json
from collections.abc import Iterator
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, Json

from ingest.metrics import Metric, metrics
from ingest.settings import PROJECT_DIR

SEED = PROJECT_DIR / "seeds" / "alert_rules.csv"
RULES = PROJECT_DIR / "monitoring" / "prometheus" / "rules.yml"
HEADER = "# Made of seeds/alert_rules.csv by python -m ingest.monitoring.rules: change it there.\n"
ASKED = "instance, job"


class Rule(BaseModel):
    """One row of the seed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str = Field(pattern=r"^[a-z][a-z_]*$")
    metric: str
    matching: Json[dict[str, str]]
    window_minutes: int = Field(ge=1)
    aggregate: Literal["max", "min", "avg", "sum", "count", "last"]
    comparator: Literal[">", ">=", "<", "<="]
    threshold: float
    severity: Literal["warn", "error"]
    cooldown_minutes: int = Field(ge=1)
    description: str
    requirement: str

    @property
    def alert(self) -> str:
        """Its name in Prometheus."""
        return "Coursehouse" + "".join(word.capitalize() for word in self.rule.split("_"))

    @property
    def selector(self) -> str:
        """Labels and window of its series."""
        labels = ",".join(f"{name}={json.dumps(text)}" for name, text in self.matching.items())
        return f"{{{labels}}}[{self.window_minutes}m]" if labels else f"[{self.window_minutes}m]"


def read_rules() -> list[Rule]:
    """The rules of the seed. Raises `ValueError` where a row is none."""
    with SEED.open(encoding="utf8", newline="") as lines:
        return [Rule.model_validate(row) for row in csv.DictReader(lines)]


def expression(rule: Rule) -> str:
    """PromQL that has a value for every series that breaks the rule."""
    threshold = f"{rule.comparator} {rule.threshold:g}"
    return "\nor\n".join(f"{one} {threshold}" for one in _aggregates(rule))


def _aggregates(rule: Rule) -> Iterator[str]:
    known = [one for one in metrics() if one.sample == rule.metric]
    # a counter is the sum of its samples
    if not any(one.kind == "counter" for one in known):
        yield _of_gauge(rule, known)
    for metric in known:
        if metric.kind == "counter":
            yield f"max without ({ASKED}) (increase({metric.name}{rule.selector}))"
        elif metric.kind == "histogram":
            buckets = f"increase({metric.name}_bucket{rule.selector})"
            yield f"histogram_quantile({metric.quantile:g}, sum without ({ASKED}) ({buckets}))"


def _of_gauge(rule: Rule, known: list[Metric]) -> str:
    series = f"{rule.aggregate}_over_time({rule.metric}{rule.selector})"
    if any("partition" in one.labels for one in known):
        series = f"sum without (partition) ({series})"
    worst = "min" if rule.comparator.startswith("<") else "max"
    return f"{worst} without ({ASKED}) ({series})"


def rules_file() -> str:
    """The text of rules.yml."""
    rules = [
        {
            "alert": rule.alert,
            "expr": _Block(expression(rule)),
            "labels": {
                "severity": rule.severity,
                "rule": rule.rule,
                "cooldown": f"{rule.cooldown_minutes}m",
            },
            "annotations": {
                "summary": rule.description,
                "description": f"{{{{ $value | humanize }}}}, the limit is {rule.threshold:g}",
                "requirement": rule.requirement,
            },
        }
        for rule in read_rules()
    ]
    groups = {"groups": [{"name": "coursehouse", "rules": rules}]}
    return HEADER + yaml.dump(groups, Dumper=_Dumper, sort_keys=False, width=100)


class _Block(str):
    """A text of several lines."""


class _Dumper(yaml.SafeDumper):
    pass


def _block(dumper: yaml.SafeDumper, text: str) -> Any:
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    )


_Dumper.add_representer(_Block, _block)


if __name__ == "__main__":
    RULES.write_text(rules_file())
