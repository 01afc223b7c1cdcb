"""Dashboards in a real browser: every tab, every chart, and numbers against SQL."""

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import httpx
import pytest
from playwright.sync_api import Browser
from superset_numbers import Number
from superset_numbers_learning import LEARNING
from superset_numbers_money import MONEY
from superset_numbers_operations import OPERATIONS
from superset_pages import EVER, Screen, log_in
from superset_people import People, Person
from superset_server import Superset

from ingest.dashboards.audiences import Audience, superset_role
from ingest.dashboards.server import PROGRAMS
from ingest.dashboards.spec import Dashboard, read_specs

LANDING = runpy.run_path(str(PROGRAMS / "landing.py"))["LANDING"]
SPECS = read_specs()
# one for each of those who look: teachers, finance, engineers, the head
FIRST = ("at_risk_learners", "course_revenue", "data_quality", "proctoring")
NUMBERS: list[Number] = [*MONEY, *LEARNING, *OPERATIONS]
PIXEL_HOST = "apachesuperset.gateway.scarf.sh"
OWN_LEARNERS: LiteralString = """
    select count(*)::text from marts_learning.fact_course_completion
    where is_student and has_open_account and course_id = any(%s)
"""
PICTURES = Path(__file__).parent.parent.parent / "target" / "dashboards"


@pytest.fixture(scope="module")
def screens(superset: Superset, people: People, browser: Browser) -> Iterator[dict[str, Screen]]:
    """The pages of an analyst, and of a head, who sees what is restricted, too."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    analyst, head = people.add("ada.analyst", "analyst"), people.add("hana.head", "admin")
    opened = {
        audience: log_in(browser, superset.url, person.login, person.password)
        for audience, person in (("analyst", analyst), ("admin", head))
    }
    yield opened
    for screen in opened.values():
        screen.page.close()


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(spec, id=spec.slug, marks=() if spec.slug in FIRST else pytest.mark.thorough)
        for spec in SPECS
    ],
)
def test_every_chart_of_every_tab_is_drawn_and_shows_the_numbers_of_sql(
    spec: Dashboard, screens: dict[str, Screen], superset: Superset
) -> None:
    """For a period with everything in it, which changes no number."""
    screen = screens["analyst" if "analyst" in spec.audience else "admin"]
    compared = 0
    for tab in screen.look_through(spec, EVER):
        screen.picture(PICTURES / f"{spec.slug}_{tab.title.lower().replace(' ', '_')}.png")
        for number in NUMBERS:
            if (number.dashboard, number.tab) == (spec.slug, tab.title):
                with superset.warehouse() as conn:
                    (wanted,) = conn.execute(number.sql).fetchone() or (None,)
                assert screen.text(number.chart).splitlines()[0] == wanted, number.chart
                compared += 1
    assert compared >= 2, "two numbers at least are held against SQL"
    # Superset says of a filter it cannot apply that it did; the SQL of the answers tells
    charts = superset.api().get(f"/dashboard/{spec.address}/charts")["result"]
    titles = {chart["id"]: chart["slice_name"] for chart in charts}
    asked = {titles[number]: query for number, query in screen.queries().items()}
    assert {title for title, query in asked.items() if EVER[0] in query} == {
        chart.title for chart in spec.charts if not chart.ignores_period
    }
    screen.show("Help")
    assert "What the numbers mean" in screen.page.inner_text("body")


def test_the_telemetry_of_pages_is_kept_in(screens: dict[str, Screen]) -> None:
    """Pages with a menu ask for a pixel elsewhere; whatever else is asked for is a failure."""
    screen = screens["analyst"]
    screen.page.goto(f"{screen.url}/dashboard/list/")
    screen.page.wait_for_load_state("networkidle")
    assert {httpx.URL(address).host for address in screen.kept_out} == {PIXEL_HOST}
    assert not screen.failures


def test_a_teacher_is_shown_the_own_courses(
    teachers: list[Person], browser: Browser, superset: Superset
) -> None:
    screen = look_at_own_dashboards(browser, superset, teachers[0], "teacher")
    assert courses_shown(screen, superset) == set(teachers[0].courses)
    with superset.warehouse() as conn:
        (learners,) = conn.execute(OWN_LEARNERS, [teachers[0].courses]).fetchone() or (None,)
    assert screen.text("Learners in courses").splitlines()[0] == learners
    assert_refused(screen, "executive", "Daily active learners")


@pytest.mark.thorough  # test_superset_access.py asks the same without a browser
def test_a_manager_is_shown_the_courses_of_the_category(
    manager: Person, browser: Browser, superset: Superset
) -> None:
    screen = look_at_own_dashboards(browser, superset, manager, "school admin")
    assert courses_shown(screen, superset) == set(manager.courses)
    assert_refused(screen, "executive", "Daily active learners")


@pytest.mark.thorough  # and this
def test_an_accountant_is_shown_the_dashboards_of_finance(
    people: People, browser: Browser, superset: Superset
) -> None:
    accountant = people.add("finn.finance", "finance")
    screen = look_at_own_dashboards(browser, superset, accountant, "finance")
    assert_refused(screen, "courses-progress", "Courses at a glance")


def test_a_data_engineer_begins_with_the_quality_of_data(
    people: People, browser: Browser, superset: Superset
) -> None:
    engineer = people.add("dora.data", "data engineer")
    screen = log_in(browser, superset.url, engineer.login, engineer.password)
    assert screen.landed.endswith("/data-quality/")
    screen.page.goto(f"{superset.url}/user_info/")
    screen.page.get_by_text("Reset my password").wait_for()
    screen.page.close()


def look_at_own_dashboards(
    browser: Browser, superset: Superset, person: Person, audience: Audience
) -> Screen:
    """Every tab of every dashboard of an audience, as one of them; returns the open page."""
    screen = log_in(browser, superset.url, person.login, person.password)
    assert screen.landed.endswith(f"/{LANDING[superset_role(audience)]}/")
    for spec in SPECS:
        if audience in spec.audience:
            assert list(screen.look_through(spec)) == spec.tabs
    return screen


def courses_shown(screen: Screen, superset: Superset) -> set[int]:
    """Courses whose name stands in the table of courses."""
    screen.open("courses-progress")
    shown = screen.text("Courses at a glance")
    with superset.warehouse() as conn:
        names = conn.execute("select distinct course_name, course_id from marts_bi.bi_course_group")
        return {course for name, course in names if name in shown}


def assert_refused(screen: Screen, address: str, chart: str) -> None:
    """A dashboard of others shows no chart. The page is closed."""
    screen.page.goto(f"{screen.url}/superset/dashboard/{address}/")
    screen.page.wait_for_load_state("networkidle")
    assert chart not in screen.page.inner_text("body")
    screen.page.close()
