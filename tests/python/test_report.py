"""Elementary's report: made from stored runs, read in a real browser that has no network."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from elementary_house import Built, House
from playwright.sync_api import Browser, Page, expect
from warehouse_fixtures import Warehouse

from ingest.errors import UserError
from ingest.report import write_report

SCREENSHOT = os.environ.get("COURSEHOUSE_SCREENSHOTS")  # a folder: keep what the browser shows


@pytest.fixture(scope="module")
def report(built: Built, house: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    warehouse = Warehouse(house.dsn, folder)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in warehouse.environment().items():
            patch.setenv(name, value)
        return write_report(warehouse.settings(), folder / "report.html")


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    """The report, opened; whatever it got from anywhere else fails the test."""
    page = browser.new_page(viewport={"width": 1500, "height": 900})
    outside: list[str] = []
    errors: list[str] = []
    page.on("requestfinished", lambda request: outside.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(report.as_uri())
    yield page
    page.close()
    assert [url for url in outside if not url.startswith(("file:", "data:", "blob:"))] == []
    assert errors == []


def test_the_report_says_which_packages_it_stands_on(page: Page) -> None:
    expect(page.get_by_text("Coursehouse")).to_be_visible()
    expect(page.get_by_text("dbt packages: offline stand-ins")).to_be_visible()


def test_the_report_shows_results_and_a_sample_of_failed_rows(page: Page) -> None:
    page.get_by_role("link", name="Test Results").click()
    failed = page.get_by_role("row").filter(has_text="days_are_quiet")
    expect(failed).to_contain_text("Failure")
    failed.click()
    page.get_by_text("Test result").first.click()
    expect(page.get_by_text("2025-03-11")).to_be_visible()


def test_the_report_shows_what_was_expected_of_an_anomaly(page: Page) -> None:
    page.get_by_role("link", name="Test Results").click()
    row = page.get_by_role("row").filter(has_text="ten_times").filter(has_text="row_count").first
    row.click()
    expect(page.locator(".recharts-surface, canvas, svg.recharts-surface").first).to_be_visible()
    if SCREENSHOT:
        row.scroll_into_view_if_needed()
        page.screenshot(path=Path(SCREENSHOT) / "elementary_report.png")


def test_the_report_shows_lineage(page: Page) -> None:
    page.get_by_role("link", name="Lineage").click()
    for name in ("usual", "visits", "visits_by_day", "dashboard"):
        expect(page.get_by_text(name, exact=True).first).to_be_visible()


def test_the_report_holds_no_personal_data(report: Path) -> None:
    import base64
    import re

    [data] = re.findall(r"JSON.parse\(atob\('([^']*)'\)\)", report.read_text()[:100_000_000])
    text = base64.b64decode(data).decode()
    assert "emails_are_unique" in text
    assert "web@example.org" not in text


def test_without_a_build_there_is_nothing_to_report(
    new_database: Callable[[str], str], tmp_path: Path
) -> None:
    empty = Warehouse(new_database("nothing_built"), tmp_path)
    with pytest.raises(UserError, match="run `dbt build` first"):
        write_report(empty.settings(), tmp_path / "report.html")
