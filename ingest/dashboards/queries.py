"""The query behind a chart, for whoever asks without a browser: the warm-up, and alerts.

Superset's pages make the query of a chart in the browser and never use this one. It asks the same
of the warehouse, so that its pages are in memory; where the browser's query is the same word for
word, Superset's own cache answers, too.
"""

from typing import Any

from ingest.dashboards.axes import GRAINS, Params, is_over_time, x_column
from ingest.dashboards.catalogue import Dataset
from ingest.dashboards.charts import filters
from ingest.dashboards.spec import Chart
from ingest.dashboards.tables import order_by

OVER_AXIS = {"number with trend", "line", "area", "bar", "horizontal bar", "bars and line"}
OVER_AXIS |= {"heatmap", "scatter", "waterfall"}


def query_context(chart: Chart, dataset: Dataset) -> Params:
    """Body of a request for the chart's data; the import puts the dataset's number in."""
    return {
        "datasource": {"id": 0, "type": "table"},
        "force": False,
        "queries": [_query(chart, dataset, metrics) for metrics in _metric_sets(chart)],
        "result_format": "json",
        "result_type": "full",
    }


def _metric_sets(chart: Chart) -> list[list[str]]:
    return [chart.metrics, chart.line_metrics] if chart.line_metrics else [chart.metrics]


def _query(chart: Chart, dataset: Dataset, metrics: list[str]) -> Params:
    columns = _columns(chart, dataset)
    return {
        "filters": [_asked(found) for found in filters(chart, dataset)],
        "columns": columns,
        "metrics": metrics or None,
        "orderby": _order(chart, dataset, metrics),
        "row_limit": chart.limit,
        "order_desc": True,
        "extras": {"having": "", "where": ""},
    }


def _columns(chart: Chart, dataset: Dataset) -> list[Any]:
    columns: list[Any] = [*chart.columns, *chart.by, *chart.across]
    axis = x_column(chart, dataset) if chart.chart in OVER_AXIS else None
    if axis and is_over_time(chart, dataset):
        column = {
            "columnType": "BASE_AXIS",
            "sqlExpression": axis,
            "label": axis,
            "expressionType": "SQL",
            "timeGrain": GRAINS[chart.grain],
        }
        return [column, *columns]
    return [axis, *columns] if axis else columns


def _order(chart: Chart, dataset: Dataset, metrics: list[str]) -> list[list[Any]]:
    if chart.sort:
        name = chart.sort.removeprefix("-")
        is_split = name in (chart.x, *chart.by, *chart.across)
        by = order_by(name, dataset) if metrics and not is_split else name
        return [[by, not chart.sort.startswith("-")]]
    return [[metrics[0], False]] if metrics and (chart.by or chart.x) else []


def _asked(found: Params) -> Params:
    asked = {"col": found["subject"], "op": found["operator"]}
    return asked | ({"val": found["comparator"]} if "comparator" in found else {})
