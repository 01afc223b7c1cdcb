"""What can be wrong with a spec, found before anything is imported. Superset checks none of it."""

from collections import Counter
from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from ingest.dashboards.audiences import (
    AUDIENCES,
    OPEN_DATASETS,
    READERS_OF_MARTS,
    SECURE_SCHEMA,
    SECURED,
)
from ingest.dashboards.axes import time_column, x_column
from ingest.dashboards.catalogue import Dataset
from ingest.dashboards.charts import OPERATORS
from ingest.dashboards.spec import COLUMNS, Chart, Dashboard

# what a kind of chart cannot do without
NEEDS_METRICS = {
    "number", "number with trend", "line", "area", "bar", "horizontal bar", "bars and line", "pie",
    "table", "pivot", "heatmap", "funnel", "box plot", "scatter", "bubble", "gauge", "treemap",
    "sankey", "waterfall",
}  # fmt: skip
NEEDS_BY = {
    "pie": 1,
    "table": 1,
    "pivot": 1,
    "heatmap": 1,
    "funnel": 1,
    "bubble": 1,
    "treemap": 1,
    "sankey": 2,
}
NEEDS_COLUMNS = {"list", "histogram", "box plot"}
NEEDS_X = {
    "number with trend",
    "line",
    "area",
    "bar",
    "horizontal bar",
    "bars and line",
    "heatmap",
    "scatter",
    "waterfall",
}


def problems(specs: list[Dashboard], catalogue: dict[str, Dataset]) -> list[str]:
    """Everything wrong, a line each with the names of dashboard and chart; empty if all is well."""
    found = [line for spec in specs for line in _dashboard(spec, catalogue)]
    return found + list(_shared_by_accident(specs))


def _shared_by_accident(specs: list[Dashboard]) -> Iterator[str]:
    """With a query of one's own a viewer reads all that a connection reads for any dashboard."""
    for audience in AUDIENCES:
        if audience in READERS_OF_MARTS:
            continue
        own = [spec for spec in specs if audience in spec.audience]
        shown = {chart.dataset for spec in own for chart in spec.charts}
        for other in specs:
            if other in own or other.connection not in {spec.connection for spec in own}:
                continue
            for name in sorted({chart.dataset for chart in other.charts} - shown):
                yield f"{other.slug}: a {audience} may read {name}, too, and does not see it here"


def _dashboard(spec: Dashboard, catalogue: dict[str, Dataset]) -> Iterator[str]:
    for title, times in Counter(chart.title for chart in spec.charts).items():
        if times > 1:
            yield f"{spec.slug}: {times} charts are called {title!r}"
    for tab in spec.tabs:
        for row in tab.rows:
            if sum(chart.width or 1 for chart in row) > COLUMNS or not row:
                yield f"{spec.slug}: a row of tab {tab.title!r} does not fit {COLUMNS} columns"
    for chart in spec.charts:
        for line in (*_chart(chart, catalogue), *_unsecured(spec, chart.dataset, catalogue)):
            yield f"{spec.slug}: chart {chart.title!r}: {line}"
    for label, meanings in _meanings(spec, catalogue).items():
        if len(meanings) > 1:
            yield f"{spec.slug}: {', '.join(sorted(meanings))} are all called {label!r}"
    known = [catalogue[chart.dataset] for chart in spec.charts if chart.dataset in catalogue]
    for select in spec.filters.selects:
        dataset = catalogue.get(select.dataset)
        for line in _unsecured(spec, select.dataset, catalogue):
            yield f"{spec.slug}: filter {select.label!r}: {line}"
        if dataset is None or select.column not in dataset.columns:
            what = f"no column {select.dataset}.{select.column}"
            yield f"{spec.slug}: filter {select.label!r}: {what}"
        elif not any(select.column in dataset.columns for dataset in known):
            yield f"{spec.slug}: filter {select.label!r}: no chart has the column {select.column}"


def _meanings(spec: Dashboard, catalogue: dict[str, Dataset]) -> dict[str, set[str]]:
    """Label -> the metrics a dashboard shows under it, unless they mean the same."""
    found: dict[str, dict[str, str]] = {}
    for chart in spec.charts:
        metrics = catalogue[chart.dataset].metrics if chart.dataset in catalogue else {}
        for name in {*chart.metrics, *chart.line_metrics} & set(metrics):
            metric = metrics[name]
            found.setdefault(metric.label, {})[metric.description] = f"{chart.dataset}.{name}"
    return {label: set(meanings.values()) for label, meanings in found.items()}


def _unsecured(spec: Dashboard, name: str, catalogue: dict[str, Dataset]) -> Iterator[str]:
    """Rows a person may see only by a role in Moodle come from views that ask for it."""
    people = [audience for audience in SECURED if audience in spec.audience]
    dataset = catalogue.get(name)
    if not people or dataset is None or name in OPEN_DATASETS:
        return
    if dataset.schema != SECURE_SCHEMA or "course_id" not in dataset.columns:
        yield f"{name} shows a {people[0]} every course: use a view of models/marts/secure"


def _chart(chart: Chart, catalogue: dict[str, Dataset]) -> Iterator[str]:
    dataset = catalogue.get(chart.dataset)
    if dataset is None:
        yield f"there is no mart {chart.dataset}"
        return
    yield from _unknown(chart, dataset)
    time = time_column(chart, dataset)
    if time is None and not chart.ignores_period:
        # Superset would show the whole and claim to have filtered
        yield "no column for the period: name `time`, or say why in `ignores_period`"
    elif time and (time not in dataset.columns or not dataset.columns[time].is_time):
        yield f"{dataset.name}.{time} is no date or time"
    yield from _incomplete(chart, dataset)
    for column, value in chart.where.items():
        if isinstance(value, dict) and (len(value) != 1 or not set(value) <= OPERATORS):
            yield f"where {column}: one of {', '.join(sorted(OPERATORS))} and a value"


def _unknown(chart: Chart, dataset: Dataset) -> Iterator[str]:
    metrics = [*chart.metrics, *chart.line_metrics]
    for name in metrics:
        if name in dataset.metrics:
            yield from _unknown_to_metric(name, dataset)
        else:
            yield f"{dataset.name} has no metric {name}"
    columns = {*chart.by, *chart.across, *chart.columns, *chart.where}
    if chart.x:
        columns.add(chart.x)
    if chart.sort and chart.sort.removeprefix("-") not in metrics:
        columns.add(chart.sort.removeprefix("-"))
    for name in sorted(columns - set(dataset.columns)):
        yield f"{dataset.name} has no column {name}"


def _unknown_to_metric(name: str, dataset: Dataset) -> Iterator[str]:
    """A metric is SQL: what it reads is known to nobody but the warehouse, when a chart asks."""
    try:
        expression = sqlglot.parse_one(dataset.metrics[name].expression, dialect="postgres")
    except ParseError as error:
        yield f"metric {name} of {dataset.name} is no SQL: {str(error).splitlines()[0]}"
        return
    read = {column.name for column in expression.find_all(exp.Column)}
    for column in sorted(read - dataset.columns.keys() - dataset.keys):
        yield f"{dataset.name} has no column {column}, which its metric {name} reads"


def _incomplete(chart: Chart, dataset: Dataset) -> Iterator[str]:
    if chart.chart in NEEDS_METRICS and not chart.metrics:
        yield f"a {chart.chart} needs metrics"
    if chart.chart == "bars and line" and not chart.line_metrics:
        yield "bars and line need line_metrics"
    if chart.chart == "bubble" and len(chart.metrics) < 2:
        yield "a bubble needs two metrics at least: across, up and size"
    if len(chart.by) < NEEDS_BY.get(chart.chart, 0):
        yield f"a {chart.chart} needs `by`"
    if chart.chart in NEEDS_COLUMNS and not chart.columns:
        yield f"a {chart.chart} needs `columns`"
    if chart.chart in NEEDS_X and x_column(chart, dataset) is None:
        yield f"a {chart.chart} needs `x` or a time"
