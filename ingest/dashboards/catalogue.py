"""What a dashboard can show: the marts as dbt's manifest describes them, and their metrics.

Metrics come from `meta.superset.metrics` of a mart and from the simple and ratio metrics of its
semantic model, so that a number has one definition (law 8).
"""

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingest.errors import UserError

SHOWN_SCHEMAS = ("marts_", "secure", "ops")
_DIMENSION = re.compile(r"\{\{\s*Dimension\('(\w+)__(\w+)'\)\s*\}\}")
_AGGREGATES = {
    "sum": "sum({})",
    "count": "count({})",
    "count_distinct": "count(distinct {})",
    "average": "avg({})",
    "min": "min({})",
    "max": "max({})",
    "sum_boolean": "count(*) filter (where {})",
}


class Metric(BaseModel):
    """A named aggregate over a mart. `format` is d3's: `,d` a count, `.1%` a share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    expression: str
    description: str
    format: str = ",.2~f"


@dataclass(frozen=True)
class Column:
    """A column of a mart; `type` as in its contract."""

    name: str
    type: str
    description: str
    label: str

    @property
    def is_time(self) -> bool:
        return self.type.startswith(("date", "timestamp"))

    @property
    def is_number(self) -> bool:
        return self.type.startswith(("int", "bigint", "smallint", "numeric", "double", "real"))


@dataclass(frozen=True)
class Dataset:
    """A mart as dashboards see it."""

    name: str
    schema: str
    description: str
    columns: dict[str, Column]
    time: str | None = None
    metrics: dict[str, Metric] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()  # columns that are not shown, and may be counted


def read_catalogue(manifest_file: Path) -> dict[str, Dataset]:
    """Every mart by name. `UserError` if the manifest is missing or a metric is not usable."""
    try:
        manifest: dict[str, Any] = json.loads(manifest_file.read_text())
    except FileNotFoundError:
        raise UserError("dbt has not read the project yet: run `dbt parse`") from None
    semantics = _semantic_metrics(manifest)
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]
    found = {
        node["name"]: _dataset(node, semantics.get(node["unique_id"], {}))
        for node in nodes
        if node["package_name"] == "coursehouse" and node["schema"].startswith(SHOWN_SCHEMAS)
    }
    for node in nodes:
        if original := _meta(node).get("like"):
            found[node["name"]] = _like(found[node["name"]], found.get(original), original)
    return found


def _meta(node: dict[str, Any]) -> dict[str, Any]:
    meta: dict[str, Any] = node["config"]["meta"].get("superset", {})
    return meta


def _like(dataset: Dataset, original: Dataset | None, name: str) -> Dataset:
    """The same columns, fewer rows: what is asked of the original can be asked of it."""
    if original is None:
        raise UserError(f"meta.superset.like of {dataset.name}: there is no mart {name}")
    columns = {
        name: replace(column, label=original.columns[name].label)
        if name in original.columns
        else column
        for name, column in dataset.columns.items()
    }
    metrics = original.metrics | dataset.metrics
    return replace(dataset, columns=columns, time=original.time, metrics=metrics)


def _dataset(node: dict[str, Any], metrics: dict[str, Metric]) -> Dataset:
    meta = _meta(node)
    labels: dict[str, str] = meta.get("labels", {})
    # keys join marts and say nothing on a screen
    keys = frozenset(
        name for name in node["columns"] if name.startswith("_") or name.endswith("_key")
    )
    columns = {
        name: Column(
            name,
            column.get("data_type") or "text",
            _line(column["description"]),
            labels.get(name) or _label(name),
        )
        for name, column in node["columns"].items()
        if name not in keys
    }
    times = [name for name, column in columns.items() if column.is_time]
    own = {metric.name: metric for metric in _own_metrics(node["name"], meta)}
    return Dataset(
        name=node["name"],
        schema=node["schema"],
        description=_line(node["description"]),
        columns=columns,
        time=meta.get("time", times[0] if len(times) == 1 else None),
        metrics=metrics | own,
        keys=keys,
    )


def _own_metrics(model: str, meta: dict[str, Any]) -> list[Metric]:
    try:
        return [Metric.model_validate(metric) for metric in meta.get("metrics", [])]
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(
            f"meta.superset.metrics of {model}: {first['loc']}: {first['msg']}"
        ) from None


def _semantic_metrics(manifest: dict[str, Any]) -> dict[str, dict[str, Metric]]:
    """Model -> metrics that can be asked of it alone."""
    measures: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for semantic in manifest.get("semantic_models", {}).values():
        for measure in semantic["measures"]:
            measures[measure["name"]] = (semantic, measure)
    simple: dict[str, tuple[str, str]] = {}
    found: dict[str, dict[str, Metric]] = {}
    metrics = list(manifest.get("metrics", {}).values())
    for metric in metrics:
        if metric["type"] != "simple":
            continue
        semantic, measure = measures[metric["type_params"]["measure"]["name"]]
        expression = _expression(semantic, measure, metric)
        if expression:
            model = semantic["depends_on"]["nodes"][0]
            simple[metric["name"]] = (model, expression)
            found.setdefault(model, {})[metric["name"]] = _metric(metric, expression)
    for metric in metrics:
        if metric["type"] != "ratio":
            continue
        parts = [simple.get(metric["type_params"][p]["name"]) for p in ("numerator", "denominator")]
        above, below = parts
        if above and below and above[0] == below[0]:
            ratio = f"({above[1]})::numeric / nullif({below[1]}, 0)"
            found[above[0]][metric["name"]] = _metric(metric, ratio, ".1%")
    return found


def _expression(
    semantic: dict[str, Any], measure: dict[str, Any], metric: dict[str, Any]
) -> str | None:
    """SQL of a simple metric, None where it needs another model or a moment of its own."""
    aggregate = _AGGREGATES.get(measure["agg"])
    if aggregate is None or measure.get("non_additive_dimension"):
        return None
    expression = aggregate.format(measure.get("expr") or measure["name"])
    entities = {entity["name"] for entity in semantic["entities"] if entity["type"] == "primary"}
    entities.add(semantic.get("primary_entity") or "")
    dimensions = {d["name"]: d.get("expr") or d["name"] for d in semantic["dimensions"]}
    conditions = []
    for where in (metric.get("filter") or {}).get("where_filters", []):
        template = where["where_sql_template"].strip()
        named = _DIMENSION.findall(template)
        if any(entity not in entities or name not in dimensions for entity, name in named):
            return None
        conditions.append(_DIMENSION.sub(lambda found: dimensions[found[2]], template))
    if not conditions:
        return expression
    condition = " and ".join(" ".join(part.split()) for part in conditions)
    if " filter (where " in expression:
        return f"{expression[:-1]} and {condition})"
    return f"{expression} filter (where {condition})"


def _metric(metric: dict[str, Any], expression: str, number: str = ",.2~f") -> Metric:
    return Metric(
        name=metric["name"],
        label=metric["label"] or _label(metric["name"]),
        expression=expression,
        description=_line(metric["description"]),
        format=metric["config"].get("meta", {}).get("superset", {}).get("format", number),
    )


def _label(name: str) -> str:
    """`completion_rate` -> `Completion rate`."""
    words = name.removeprefix("is_").removesuffix("_id").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _line(text: str) -> str:
    return " ".join(text.split())
