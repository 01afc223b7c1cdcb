"""Charts that are tables, in Superset's parameters."""

import json

from ingest.dashboards.axes import DATE_FORMAT, GRAINS, Params, number_format, time_format
from ingest.dashboards.catalogue import Dataset
from ingest.dashboards.spec import Chart

PSEUDONYM_PIXELS = 130


def table(chart: Chart, dataset: Dataset) -> Params:
    """Metrics by columns."""
    order = chart.sort or f"-{chart.metrics[0]}"
    return {
        "query_mode": "aggregate",
        "groupby": _grained(chart.by, chart, dataset),
        "metrics": chart.metrics,
        "timeseries_limit_metric": order_by(order.removeprefix("-"), dataset),
        "order_desc": order.startswith("-"),
        "show_cell_bars": False,
        "table_timestamp_format": time_format(chart.grain),
        "column_config": {
            name: {"d3NumberFormat": number_format(chart, dataset, name)} for name in chart.metrics
        }
        | _short_pseudonyms(chart.by),
    }


def order_by(name: str, dataset: Dataset) -> str | Params:
    """What a table of metrics is ordered by: one of them, or the first value of a column."""
    if name in dataset.metrics:
        return name
    column = {"column_name": name}
    return {
        "expressionType": "SIMPLE",
        "aggregate": "MIN",
        "column": column,
        "label": f"first {name}",
        "optionName": f"metric_{name}",
        "hasCustomLabel": True,
    }


def _short_pseudonyms(columns: list[str]) -> Params:
    """A pseudonym is long and its beginning tells it from others; a tooltip shows all of it.

    Its code is short, and stays on one line.
    """
    short = {"columnWidth": PSEUDONYM_PIXELS, "truncateLongCells": True}
    return {name: short for name in columns if name.endswith(("_hash", "learner_code"))}


def _grained(names: list[str], chart: Chart, dataset: Dataset) -> list[str | Params]:
    """Times among the columns are cut to the grain, and called by it where they were called Day."""
    return [_cut(name, chart, dataset) if dataset.columns[name].is_time else name for name in names]


def _cut(name: str, chart: Chart, dataset: Dataset) -> Params:
    label = dataset.columns[name].label
    return {
        "columnType": "BASE_AXIS",
        "expressionType": "SQL",
        "sqlExpression": name,
        "label": chart.grain.capitalize() if label.lower() in GRAINS else label,
        "timeGrain": GRAINS[chart.grain],
    }


def rows(chart: Chart, dataset: Dataset) -> Params:
    """Rows as they are."""
    order = [[chart.sort.removeprefix("-"), not chart.sort.startswith("-")]] if chart.sort else []
    return {
        "query_mode": "raw",
        "all_columns": chart.columns,
        "order_by_cols": [json.dumps(pair) for pair in order],
        "show_cell_bars": False,
        "table_timestamp_format": DATE_FORMAT,
        "column_config": _round_numbers(chart, dataset) | _short_pseudonyms(chart.columns),
    }


def _round_numbers(chart: Chart, dataset: Dataset) -> Params:
    numbers = [name for name in chart.columns if dataset.columns[name].type.startswith("numeric")]
    return {name: {"d3NumberFormat": ",.2~f"} for name in numbers}


def pivot(chart: Chart, dataset: Dataset) -> Params:
    """Metrics by columns, downwards and across."""
    return {
        "groupbyRows": _grained(chart.by, chart, dataset),
        "groupbyColumns": _grained(chart.across, chart, dataset),
        "metrics": chart.metrics,
        "metricsLayout": "COLUMNS",
        "aggregateFunction": "Sum",
        "valueFormat": number_format(chart, dataset),
        "date_format": time_format(chart.grain),
        "rowOrder": "key_a_to_z",
    }
