"""What every chart has: a period, an axis, a grain of time, a way to write numbers."""

import re
from typing import Any

from ingest.dashboards.catalogue import Dataset
from ingest.dashboards.spec import Chart

Params = dict[str, Any]

GRAINS = {
    "minute": "PT1M",
    "5 minutes": "PT5M",
    "hour": "PT1H",
    "day": "P1D",
    "week": "P1W",
    "month": "P1M",
    "quarter": "P3M",
    "year": "P1Y",
}
COUNT = ",d"
# as people write days, and shorter along an axis
DATE_FORMAT = "%d %b %Y"
AXIS_FORMATS = {
    "day": "%d %b",
    "week": "%d %b",
    "month": "%b %Y",
    "quarter": "%b %Y",
    "year": "%Y",
}


def time_column(chart: Chart, dataset: Dataset) -> str | None:
    """The column the period is about; None if the chart shows a state that has none."""
    return None if chart.ignores_period else chart.time or dataset.time


def x_column(chart: Chart, dataset: Dataset) -> str | None:
    """The column along the axis."""
    return chart.x or time_column(chart, dataset)


def number_format(chart: Chart, dataset: Dataset, metric: str | None = None) -> str:
    name = metric or (chart.metrics[0] if chart.metrics else "")
    found = dataset.metrics.get(name)
    return found.format if found else ",.2~f"


def axis_format(written: str) -> str:
    """The format of a number without the zeros at its end: an axis counts in round ones.

    A tick between two counts is written as such, not as the one beside it.
    """
    if written == COUNT:
        return ",.1~f"
    return re.sub(r"(\.\d)(?=[f%]$)", r"\1~", written)


def time_format(grain: str) -> str:
    """How a time in a table is written that was cut to a grain: no day where it is the first."""
    return AXIS_FORMATS[grain] if grain in ("month", "quarter", "year") else DATE_FORMAT


def is_over_time(chart: Chart, dataset: Dataset) -> bool:
    column = dataset.columns.get(x_column(chart, dataset) or "")
    return column is not None and column.is_time
