"""Elementary's report: made from stored runs, read in a real browser that has no network."""

import base64
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from elementary_house import Built, House
from playwright.sync_api import Browser, Page, expect
from warehouse_fixtures import Warehouse

from ingest.errors import UserError
from ingest.packages import source
from ingest.report import write_report

SCREENSHOTS = os.environ.get("SCREENSHOTS")  # a folder, docs/images: to renew the picture there


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
    page = browser.new_page(viewport={"width": 1800, "height": 900})
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
    expect(page.get_by_text(f"dbt packages: {source()}")).to_be_visible()


def test_the_report_shows_results_and_a_sample_of_failed_rows(page: Page) -> None:
    _show(page, "test-results")
    failed = page.get_by_role("row").filter(has_text="days_are_quiet")
    expect(failed).to_contain_text("Failure")
    failed.click()
    expect(page.get_by_text("Got 8 results, configured to fail if != 0")).to_be_visible()
    expect(page.get_by_text("2025-02-20")).to_be_visible()


def test_the_report_shows_what_was_expected_of_an_anomaly(page: Page) -> None:
    _show(page, "test-results")
    anomaly = page.get_by_role("row").filter(has_text="ten_times").first
    anomaly.click()
    expect(page.get_by_text("The last row_count is 1000.000, the average")).to_be_visible()
    expect(page.locator(".recharts-surface")).to_be_visible()
    if SCREENSHOTS:
        anomaly.evaluate("row => row.scrollIntoView()")
        page.wait_for_timeout(1000)  # until the chart has come to rest
        page.screenshot(path=Path(SCREENSHOTS) / "elementary_report.png")


def test_the_report_shows_lineage(page: Page) -> None:
    _show(page, "lineage")
    graph = page.locator(".react-flow")
    for name in ("usual", "visits", "visits_by_day", "dashboard"):
        expect(graph.get_by_text(name, exact=True)).to_be_visible()


def test_the_report_holds_no_personal_data(report: Path) -> None:
    [data] = re.findall(r"JSON\.parse\(atob\('([^']*)'\)\)", report.read_text())
    text = base64.b64decode(data).decode()
    assert "emails_are_unique" in text
    assert "web@example.org" not in text


def test_without_a_build_there_is_nothing_to_report(
    new_database: Callable[[str], str], tmp_path: Path
) -> None:
    empty = Warehouse(new_database("nothing_built"), tmp_path)
    with pytest.raises(UserError, match="run `coursehouse build` first"):
        write_report(empty.settings(), tmp_path / "report.html")


def _show(page: Page, part: str) -> None:
    page.goto(f"{page.url.split('#')[0]}#/report/{part}")
