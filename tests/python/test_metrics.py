"""A metric asked for by name is the number its mart holds."""

from decimal import Decimal
from pathlib import Path
from typing import LiteralString

import pytest
from metric_queries import parse_metrics, query_metrics, run_program
from warehouse_fixtures import Warehouse

# metrics asked together -> how they are grouped, and what the marts say, in the same order
BY_DAY: dict[str, tuple[list[str], LiteralString]] = {
    "sessions": (
        [
            "sessions",
            "time_on_task_seconds",
            "average_session_seconds",
            "average_session_seconds_without_bounces",
            "median_session_seconds",
        ],
        """select to_date(date_key::text, 'YYYYMMDD'), count(*), sum(engaged_seconds),
            avg(session_duration_seconds),
            avg(session_duration_seconds) filter (where not is_bounce),
            percentile_cont(0.5) within group (order by session_duration_seconds)
        from marts_learning.fact_session group by 1""",
    ),
    "active learners": (
        ["dau"],
        """select date, dau from marts_learning.fact_daily_active_users
        where segment = 'engaged learners' and dau > 0""",
    ),
}
IN_ALL: dict[str, LiteralString] = {
    "active_enrollments": """
        select active_enrollments_count from marts_learning.site_summary""",
    "completion_rate": """
        select sum(completed_count)::numeric / sum(eligible_count)
        from marts_learning.course_completion_rates where denominator = 'enrolled'""",
    "average_grade": """
        select avg(grade_pct) from marts_learning.fact_grade
        where is_current and is_course_total""",
}


@pytest.fixture(scope="module", autouse=True)
def semantic_manifest(warehouse: Warehouse) -> None:
    parse_metrics(warehouse)


@pytest.mark.parametrize("group", BY_DAY)
def test_metrics_by_day_are_those_of_the_mart(
    warehouse: Warehouse, tmp_path: Path, group: str
) -> None:
    metrics, query = BY_DAY[group]
    found = {
        row["metric_time__day"][:10]: [Decimal(row[metric]) for metric in metrics]
        for row in query_metrics(warehouse, tmp_path, metrics, "--group-by", "metric_time__day")
    }
    with warehouse.connect() as conn:
        held = {str(day): values for day, *values in conn.execute(query).fetchall()}
    assert len(held) > 30
    assert found.keys() == held.keys()
    for day, values in held.items():
        assert found[day] == pytest.approx([Decimal(value) for value in values]), day


def test_metrics_in_all_are_those_of_the_mart(warehouse: Warehouse, tmp_path: Path) -> None:
    (found,) = query_metrics(warehouse, tmp_path, list(IN_ALL))
    with warehouse.connect() as conn:
        for metric, query in IN_ALL.items():
            row = conn.execute(query).fetchone()
            assert row is not None and row[0] > 0
            assert Decimal(found[metric]) == pytest.approx(Decimal(row[0])), metric


def test_semantic_models_fit_the_warehouse(warehouse: Warehouse) -> None:
    run_program(warehouse, "mf", "validate-configs")
