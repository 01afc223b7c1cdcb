"""Charts of a spec in Superset's parameters, and where they stand. No server is needed."""

import json
from typing import Any

import pytest

from ingest.dashboards.axes import axis_format
from ingest.dashboards.bundle import as_of_chart
from ingest.dashboards.catalogue import Column, Dataset, Metric
from ingest.dashboards.charts import params
from ingest.dashboards.layout import Layout
from ingest.dashboards.queries import query_context
from ingest.dashboards.spec import Chart, Dashboard

LEARNERS = Metric(
    name="learners", label="Learners", expression="count(*)", description="All.", format=",d"
)
COLUMNS = [
    Column("student_hash", "text", "Who.", "Learner"),
    Column("enrolled_at", "timestamptz", "When.", "Enrolled"),
    Column("grade_pct", "numeric(20,7)", "How well.", "Grade (%)"),
    Column("visits_count", "integer", "How often.", "Visits"),
    Column("date", "date", "Which day.", "Day"),
]
RATE = Metric(name="rate", label="Rate", expression="avg(x)", description="Mean.", format=".1%")
DATASET = Dataset(
    name="bi_course",
    schema="marts_bi",
    description="Grain: one row.",
    columns={column.name: column for column in COLUMNS},
    time="enrolled_at",
    metrics={"learners": LEARNERS, "rate": RATE},
)


def _chart(**changes: Any) -> Chart:
    shown = {"title": "t", "chart": "number", "dataset": "bi_course", "metrics": "learners"}
    return Chart.model_validate(shown | changes)


def _widths(*widths: int | None) -> list[int]:
    """Columns that charts of one row get."""
    charts = [_chart(title=str(n), width=width) for n, width in enumerate(widths)]
    spec = Dashboard.model_validate(
        {
            "slug": "trial",
            "title": "Trial",
            "description": "Tries.",
            "audience": ["analyst"],
            "data_as_of": ["learning"],
            "tabs": [{"title": "Tab", "rows": [charts]}],
        }
    )
    titles = [as_of_chart(spec).title, *(chart.title for chart in charts)]
    tree = Layout(spec, dict.fromkeys(titles, "uuid")).build(as_of_chart(spec), "help")
    return [tree[name]["meta"]["width"] for name in tree["ROW-1-1"]["children"]]


@pytest.mark.parametrize(
    ("given", "got"),
    [
        ((None,), [12]),
        ((None,) * 4, [3, 3, 3, 3]),
        ((None,) * 5, [3, 3, 2, 2, 2]),
        ((5, None, None), [5, 4, 3]),
        ((4, 4), [4, 4]),
        ((12, None), [12, 1]),
    ],
    ids=str,
)
def test_charts_without_a_width_fill_their_row(
    given: tuple[int | None, ...], got: list[int]
) -> None:
    assert _widths(*given) == got


@pytest.mark.parametrize(
    ("written", "axis"),
    [
        (",.2f", ",.2~f"),
        (".1f", ".1~f"),
        (".1%", ".1~%"),
        (",d", ",.1~f"),
        (",.0f", ",.0~f"),
        (",.2~f", ",.2~f"),
        ("%d %b %Y", "%d %b %Y"),
    ],
)
def test_an_axis_has_no_zeros_at_the_end_of_its_numbers(written: str, axis: str) -> None:
    assert axis_format(written) == axis


def test_a_table_is_ordered_by_any_of_its_columns() -> None:
    by_metric = params(_chart(chart="table", by="student_hash", sort="-learners"), DATASET)
    assert (by_metric["timeseries_limit_metric"], by_metric["order_desc"]) == ("learners", True)
    by_day = params(_chart(chart="table", by="enrolled_at", sort="enrolled_at"), DATASET)
    order = by_day["timeseries_limit_metric"]
    assert (order["aggregate"], order["column"]) == ("MIN", {"column_name": "enrolled_at"})
    assert not by_day["order_desc"]


@pytest.mark.parametrize(
    ("chart", "asked"),
    [
        (_chart(chart="table", by="student_hash", sort="-learners"), "learners"),
        (_chart(chart="table", by="student_hash", sort="student_hash"), "student_hash"),
        (_chart(chart="table", by="student_hash", sort="visits_count"), {"MIN"}),
        (_chart(chart="list", metrics=[], columns="date", sort="visits_count"), "visits_count"),
    ],
    ids=["metric", "column it is split by", "another column", "rows"],
)
def test_the_warm_up_orders_as_the_page_does(chart: Chart, asked: str | set[str]) -> None:
    ((order, _),) = query_context(chart, DATASET)["queries"][0]["orderby"]
    assert asked == (order if isinstance(order, str) else {order["aggregate"]})


@pytest.mark.parametrize(
    "chart",
    [
        _chart(chart="table", by=["student_hash", "visits_count"]),
        _chart(chart="list", metrics=[], columns=["student_hash", "visits_count"]),
    ],
    ids=lambda chart: chart.chart,
)
def test_pseudonyms_are_cut_short_in_tables(chart: Chart) -> None:
    shown = params(chart, DATASET)["column_config"]
    assert shown["student_hash"]["truncateLongCells"]
    assert "visits_count" not in shown


def test_rows_show_two_digits_of_long_numbers() -> None:
    chart = _chart(chart="list", metrics=[], columns=["grade_pct", "visits_count"])
    shown = params(chart, DATASET)["column_config"]
    assert shown == {"grade_pct": {"d3NumberFormat": ",.2~f"}}


@pytest.mark.parametrize(
    ("chart", "metrics", "ticks"),
    [
        ("bar", ["learners"], {"yAxis": {"splitNumber": 5, "minInterval": 1}}),
        ("horizontal bar", ["learners"], {"xAxis": {"splitNumber": 5, "minInterval": 1}}),
        ("line", ["rate"], {"yAxis": {"splitNumber": 5}}),
        ("line", ["learners", "rate"], {"yAxis": {"splitNumber": 5}}),
    ],
    ids=str,
)
def test_an_axis_of_counts_has_whole_numbers_only(
    chart: str, metrics: list[str], ticks: dict[str, Any]
) -> None:
    shown = params(_chart(chart=chart, metrics=metrics), DATASET)
    assert json.loads(shown["echart_options"]) == ticks


def test_a_narrow_axis_has_room_for_few_numbers() -> None:
    shown = params(_chart(chart="horizontal bar", metrics="rate", width=3), DATASET)
    assert json.loads(shown["echart_options"]) == {"xAxis": {"splitNumber": 2}}


@pytest.mark.parametrize(
    ("changes", "order"),
    [
        ({}, ("learners", False)),
        ({"sort": "student_hash"}, ("student_hash", True)),
        ({"by": "visits_count"}, ("sum", False)),
        ({"metrics": ["learners", "rate"], "stacked": True}, ("sum", False)),
        ({"metrics": ["learners", "rate"], "sort": "-rate"}, ("rate", False)),
        ({"by": "visits_count", "sort": "student_hash"}, ("name", True)),
    ],
    ids=str,
)
def test_bars_of_several_parts_are_ordered_as_a_whole(
    changes: dict[str, Any], order: tuple[str, bool]
) -> None:
    shown = params(_chart(chart="bar", x="student_hash", **changes), DATASET)
    assert (shown["x_axis_sort"], shown["x_axis_sort_asc"]) == order


@pytest.mark.parametrize(("grain", "written"), [("day", "%d %b %Y"), ("quarter", "%b %Y")])
def test_a_time_in_a_table_is_called_by_its_grain(grain: str, written: str) -> None:
    """A column called Day says so of its quarters, too; one with a meaning keeps its name."""
    shown = params(_chart(chart="pivot", by=["date", "enrolled_at"], grain=grain), DATASET)
    day, enrolled = shown["groupbyRows"]
    assert (day["label"], day["sqlExpression"]) == (grain.capitalize(), "date")
    assert enrolled["label"] == "Enrolled"
    assert shown["date_format"] == written
