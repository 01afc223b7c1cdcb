"""A chart of a spec as Superset's parameters: plain words here, its names there."""

from typing import Any

from ingest.dashboards.axes import Params, time_column
from ingest.dashboards.catalogue import Dataset
from ingest.dashboards.chart_kinds import KINDS
from ingest.dashboards.spec import Chart

OPERATORS = {">", ">=", "<", "<=", "!=", "in", "not in"}


def viz_type(chart: Chart) -> str:
    """Superset's name of the kind of chart."""
    return KINDS[chart.chart][0]


def params(chart: Chart, dataset: Dataset) -> Params:
    """Everything Superset needs to draw the chart, with the filters of the spec."""
    built = {"viz_type": viz_type(chart), "row_limit": chart.limit}
    built |= KINDS[chart.chart][1](chart, dataset)
    built["adhoc_filters"] = filters(chart, dataset)
    if "metrics_b" in built:
        built["adhoc_filters_b"] = built["adhoc_filters"]
    return built | {"extra_form_data": {}} | chart.options


def filters(chart: Chart, dataset: Dataset) -> list[Params]:
    """The period's place, without which Superset ignores it in silence, and `where`."""
    found = [_filter(column, value) for column, value in chart.where.items()]
    if time := time_column(chart, dataset):
        period = {"operator": "TEMPORAL_RANGE", "comparator": "No filter"}
        found.insert(0, _simple(time) | period)
    return found


def _simple(column: str) -> Params:
    return {"clause": "WHERE", "expressionType": "SIMPLE", "subject": column}


def _filter(column: str, value: Any) -> Params:
    """`true`, `null`, a value, a list of values, or `{">=": 10}`."""
    if isinstance(value, bool):
        compared: Params = {"operator": "IS TRUE" if value else "IS FALSE"}
    elif value is None:
        compared = {"operator": "IS NULL"}
    elif isinstance(value, dict):
        ((operator, operand),) = value.items()
        if operator == "!=" and operand is None:
            compared = {"operator": "IS NOT NULL"}
        else:
            compared = {"operator": operator.upper(), "comparator": operand}
    elif isinstance(value, list):
        compared = {"operator": "IN", "comparator": value}
    else:
        compared = {"operator": "==", "comparator": value}
    return _simple(column) | compared
