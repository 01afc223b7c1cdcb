"""Dashboards in a real browser: every tab, every chart, and numbers against SQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from superset_numbers import Number
from superset_numbers_learning import LEARNING
from superset_numbers_money import MONEY
from superset_numbers_operations import OPERATIONS
from superset_pages import Screen, log_in
from superset_people import People, Person
from superset_server import Superset

from ingest.dashboards.spec import Dashboard, read_specs

SPECS = read_specs()
NUMBERS: list[Number] = [*MONEY, *LEARNING, *OPERATIONS]
PICTURES = Path(__file__).parent.parent.parent / "target" / "dashboards"


@pytest.fixture(scope="module")
def screen(superset: Superset, browser: Browser) -> Iterator[Screen]:
    """The administrator's page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    admin = log_in(browser, superset.url, "admin", superset.password)
    yield admin
    admin.page.close()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.slug)
def test_every_chart_of_every_tab_is_drawn_and_shows_the_numbers_of_sql(
    spec: Dashboard, screen: Screen, superset: Superset
) -> None:
    screen.open(spec.address)
    assert screen.tabs() == [*(tab.title for tab in spec.tabs), "Help"]
    compared = 0
    for tab in spec.tabs:
        screen.show(tab.title)
        assert screen.problems() == []
        expected = {"Data as of", *(chart.title for row in tab.rows for chart in row)}
        assert set(screen.chart_titles()) == expected
        screen.picture(PICTURES / f"{spec.slug}_{tab.title.lower().replace(' ', '_')}.png")
        for number in NUMBERS:
            if (number.dashboard, number.tab) == (spec.slug, tab.title):
                with superset.warehouse() as conn:
                    (wanted,) = conn.execute(number.sql).fetchone() or (None,)
                assert screen.text(number.chart).splitlines()[0] == wanted, number.chart
                compared += 1
    screen.show("Help")
    assert "What the numbers mean" in screen.page.inner_text("body")
    assert compared >= 2, "two numbers at least are held against SQL"


def test_a_teacher_is_shown_the_own_courses(
    teachers: list[Person], browser: Browser, superset: Superset
) -> None:
    teacher = teachers[-1]
    screen = log_in(browser, superset.url, teacher.login, teacher.password)
    (spec,) = [spec for spec in SPECS if spec.slug == "courses_progress"]
    screen.open(spec.address)
    with superset.warehouse() as conn:
        names = conn.execute(
            "select distinct course_name, course_id = any(%s) from marts_bi.bi_course_group",
            [teacher.courses],
        ).fetchall()
    shown = screen.text("Courses at a glance")
    assert {name for name, _ in names if name in shown} == {name for name, own in names if own}
    for tab in spec.tabs:
        screen.show(tab.title)
        assert screen.problems() == []
    screen.page.goto(f"{superset.url}/superset/dashboard/executive/")
    screen.page.wait_for_load_state("networkidle")
    assert "Daily active learners" not in screen.page.inner_text("body")
    screen.page.close()


def test_an_accountant_is_shown_the_dashboards_of_finance(
    people: People, browser: Browser, superset: Superset
) -> None:
    accountant = people.add("finn.finance", "finance")
    screen = log_in(browser, superset.url, accountant.login, accountant.password)
    for spec in SPECS:
        if "finance" in spec.audience:
            screen.open(spec.address)
            for tab in spec.tabs:
                screen.show(tab.title)
                assert screen.problems() == []
    screen.page.goto(f"{superset.url}/superset/dashboard/courses-progress/")
    screen.page.wait_for_load_state("networkidle")
    assert "Courses at a glance" not in screen.page.inner_text("body")
    screen.page.close()


def test_the_period_changes_every_chart_that_has_one(screen: Screen, superset: Superset) -> None:
    """Superset keeps a filter it cannot apply to itself; the SQL of the answers tells."""
    for spec in SPECS:
        mask = "(NATIVE_FILTER-period:(extraFormData:(time_range:'2025-09-01 : 2025-10-01'),"
        mask += "filterState:(value:'2025-09-01 : 2025-10-01'),id:NATIVE_FILTER-period))"
        screen.answers.clear()
        screen.page.goto(f"{superset.url}/superset/dashboard/{spec.address}/?native_filters={mask}")
        screen.wait()
        asked = {
            answer["asked"]["form_data"]["slice_id"]: answer["result"][0]
            for answer in screen.answers
            if "slice_id" in answer["asked"]["form_data"]
        }
        charts = superset.api().all("chart")
        titles = {chart["id"]: chart["slice_name"] for chart in charts}
        first = {c.title for row in spec.tabs[0].rows for c in row if not c.ignores_period}
        assert {titles[i] for i in asked} >= first
        without = [
            titles[i]
            for i, result in asked.items()
            if titles[i] in first and "2025-09-01" not in result["query"]
        ]
        assert without == []
