"""Each kind of chart in Superset's parameters: plain words here, its names there."""

import json
from collections.abc import Callable

from ingest.dashboards.axes import (
    AXIS_FORMATS,
    COUNT,
    DATE_FORMAT,
    GRAINS,
    Params,
    axis_format,
    is_over_time,
    number_format,
    x_column,
)
from ingest.dashboards.catalogue import Dataset
from ingest.dashboards.spec import COLUMNS, Chart
from ingest.dashboards.tables import pivot, rows, table

NARROW = 5  # columns of a chart whose axis has room for few numbers


def _number(chart: Chart, dataset: Dataset) -> Params:
    written = number_format(chart, dataset)
    is_time = written.startswith("%")
    return {
        "metric": chart.metrics[0],
        "subtitle": chart.note or "",
        # shares of the tile's height: a note stays readable where the title takes two lines
        "header_font_size": 0.3,
        "subtitle_font_size": 0.125,
        "y_axis_format": written,
        "time_format": written if is_time else DATE_FORMAT,
        "force_timestamp_formatting": is_time,
    }


def _trend(chart: Chart, dataset: Dataset) -> Params:
    return _number(chart, dataset) | {
        "x_axis": x_column(chart, dataset),
        "time_grain_sqla": GRAINS[chart.grain],
        "aggregation": "LAST_VALUE",
        # of what the line leaves of the tile, 70 %: as large as in a number without it
        "header_font_size": 0.4,
        "subtitle_font_size": 0.18,
        "show_trend_line": True,
        "start_y_axis_at_zero": True,
    }


def _series(chart: Chart, dataset: Dataset) -> Params:
    over_time = is_over_time(chart, dataset)
    several = len(chart.metrics) > 1 or bool(chart.by)
    built: Params = {
        "x_axis": x_column(chart, dataset),
        "metrics": chart.metrics,
        "groupby": chart.by,
        "show_legend": several,
        "legendOrientation": "top",
        "rich_tooltip": True,
        "y_axis_format": axis_format(number_format(chart, dataset)),
        "x_axis_title_margin": 30,
        "truncate_metric": True,
        "show_empty_columns": True,
    }
    if chart.axis:
        built |= {
            "y_axis_title": chart.axis,
            "y_axis_title_margin": 65,
            "y_axis_title_position": "Left",
        }
    if over_time:
        built |= {
            "time_grain_sqla": GRAINS[chart.grain],
            "x_axis_time_format": AXIS_FORMATS.get(chart.grain, "%H:%M"),
        }
    else:
        built |= _axis_order(chart)
    if chart.stacked:
        built["stack"] = "Stack"
    return built | _ticks("yAxis", chart, dataset)


def _ticks(axis: str, chart: Chart, dataset: Dataset) -> Params:
    """Five of them, so that 100 % is one, two where there is no room; and none between counts."""
    is_narrow = axis == "xAxis" and (chart.width or COLUMNS) <= NARROW
    formats = {number_format(chart, dataset, metric) for metric in chart.metrics}
    ticks = {"splitNumber": 2 if is_narrow else 5}
    ticks |= {"minInterval": 1} if formats == {COUNT} else {}
    return {"echart_options": json.dumps({axis: ticks})}


def _axis_order(chart: Chart) -> Params:
    order = chart.sort or f"-{chart.metrics[0]}"
    by = order.removeprefix("-")
    if by == chart.x and (chart.by or len(chart.metrics) > 1):
        by = "name"
    elif chart.by or chart.stacked:
        by = "sum"  # of the series: by one of them the whole bars would be in no order
    return {
        "x_axis_sort": by,
        "x_axis_sort_asc": not order.startswith("-"),
        "xAxisForceCategorical": True,
    }


def _points(chart: Chart, dataset: Dataset) -> Params:
    return _series(chart, dataset) | {"markerEnabled": True, "markerSize": 5}


def _area(chart: Chart, dataset: Dataset) -> Params:
    return _series(chart, dataset) | {"opacity": 0.4, "stack": "Stack" if chart.by else None}


def _bar(chart: Chart, dataset: Dataset) -> Params:
    return _series(chart, dataset) | {"orientation": "vertical"}


def _horizontal_bar(chart: Chart, dataset: Dataset) -> Params:
    # drawn from the bottom up, so the largest stands on top when it comes last
    built = _series(chart, dataset) | {"orientation": "horizontal"}
    built |= _ticks("xAxis", chart, dataset)
    return built | {"x_axis_sort_asc": not built.get("x_axis_sort_asc", True)}


def _bars_and_line(chart: Chart, dataset: Dataset) -> Params:
    first, second = (
        number_format(chart, dataset),
        number_format(chart, dataset, chart.line_metrics[0]),
    )
    return {
        "x_axis": x_column(chart, dataset),
        "time_grain_sqla": GRAINS[chart.grain],
        "metrics": chart.metrics,
        "groupby": chart.by,
        "seriesType": "bar",
        "stack": "Stack" if chart.stacked else None,
        "metrics_b": chart.line_metrics,
        "groupby_b": [],
        "seriesTypeB": "line",
        "yAxisIndexB": 1,
        "markerEnabledB": True,  # a line of one point would not be seen
        "markerSizeB": 5,
        "y_axis_format": axis_format(first),
        "y_axis_format_secondary": axis_format(second),
        "x_axis_time_format": AXIS_FORMATS.get(chart.grain, "%H:%M"),
        "show_legend": True,
        "legendOrientation": "top",
        "truncate_metric": True,
    }


def _shares(chart: Chart, dataset: Dataset) -> Params:
    """One metric, split."""
    return {
        "groupby": chart.by,
        "metric": chart.metrics[0],
        "number_format": number_format(chart, dataset),
        "show_legend": False,
        "sort_by_metric": True,
    }


def _pie(chart: Chart, dataset: Dataset) -> Params:
    return _shares(chart, dataset) | {"donut": True, "label_type": "key_percent"}


def _heatmap(chart: Chart, dataset: Dataset) -> Params:
    return {
        "x_axis": x_column(chart, dataset),
        "groupby": chart.by[0],
        "metric": chart.metrics[0],
        "time_grain_sqla": GRAINS[chart.grain],
        "sort_x_axis": "alpha_asc",
        "sort_y_axis": "alpha_desc",
        "normalize_across": "heatmap",
        "show_values": True,
        "y_axis_format": number_format(chart, dataset),
        "left_margin": "auto",
        "bottom_margin": 30,  # "auto" cuts what stands below the cells
    }


def _funnel(chart: Chart, dataset: Dataset) -> Params:
    # labels are name, value and percent
    return _shares(chart, dataset) | {"percent_calculation_type": "first_step", "label_type": 5}


def _histogram(chart: Chart, dataset: Dataset) -> Params:
    return {
        "column": chart.columns[0],
        "groupby": chart.by,
        "bins": 20,
        "row_limit": 50_000,
        "x_axis_title": chart.axis or dataset.columns[chart.columns[0]].label,
        "y_axis_title": "Count",
        "show_legend": bool(chart.by),
    }


def _box_plot(chart: Chart, dataset: Dataset) -> Params:
    return {
        "columns": chart.columns,
        "groupby": chart.by,
        "metrics": chart.metrics,
        "whiskerOptions": "Tukey",
        "number_format": number_format(chart, dataset),
    }


def _bubble(chart: Chart, dataset: Dataset) -> Params:
    across, up, *size = chart.metrics
    return {
        "entity": chart.by[0],
        "series": chart.by[-1] if len(chart.by) > 1 else None,
        "x": across,
        "y": up,
        "size": size[0] if size else across,
        "xAxisFormat": number_format(chart, dataset, across),
        "y_axis_format": number_format(chart, dataset, up),
        "x_axis_label": dataset.metrics[across].label if across in dataset.metrics else across,
        "y_axis_label": dataset.metrics[up].label if up in dataset.metrics else up,
        "x_axis_title_margin": 30,
        "y_axis_title_margin": 50,
        "xAxisLabelInterval": None,  # the default writes the first and the last only
        "max_bubble_size": "25",
    }


def _gauge(chart: Chart, dataset: Dataset) -> Params:
    return _shares(chart, dataset) | {"min_val": 0, "max_val": 100}


def _sankey(chart: Chart, dataset: Dataset) -> Params:
    return {"source": chart.by[0], "target": chart.by[1], "metric": chart.metrics[0]}


def _waterfall(chart: Chart, dataset: Dataset) -> Params:
    return {
        "x_axis": x_column(chart, dataset),
        "time_grain_sqla": GRAINS[chart.grain],
        "metric": chart.metrics[0],
        "groupby": chart.by,
        "y_axis_format": number_format(chart, dataset),
    }


KINDS: dict[str, tuple[str, Callable[[Chart, Dataset], Params]]] = {
    "number": ("big_number_total", _number),
    "number with trend": ("big_number", _trend),
    "line": ("echarts_timeseries_line", _points),
    "area": ("echarts_area", _area),
    "bar": ("echarts_timeseries_bar", _bar),
    "horizontal bar": ("echarts_timeseries_bar", _horizontal_bar),
    "bars and line": ("mixed_timeseries", _bars_and_line),
    "pie": ("pie", _pie),
    "table": ("table", table),
    "list": ("table", rows),
    "pivot": ("pivot_table_v2", pivot),
    "heatmap": ("heatmap_v2", _heatmap),
    "funnel": ("funnel", _funnel),
    "histogram": ("histogram_v2", _histogram),
    "box plot": ("box_plot", _box_plot),
    "scatter": ("echarts_timeseries_scatter", _points),
    "bubble": ("bubble_v2", _bubble),
    "gauge": ("gauge_chart", _gauge),
    "treemap": ("treemap_v2", _shares),
    "sankey": ("sankey_v2", _sankey),
    "waterfall": ("waterfall", _waterfall),
}
