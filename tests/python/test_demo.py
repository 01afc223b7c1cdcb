"""The newcomer's command, run as a newcomer runs it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from ingest.packages import source
from ingest.settings import PROJECT_DIR

PROGRAM = Path(sys.executable).parent / "coursehouse"


@pytest.fixture
def environment(
    tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]
) -> Iterator[dict[str, str]]:
    """No setting but a home and a port of the test's own; what was started is stopped."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("COURSEHOUSE_", "DBT_"))}
    own = {
        "COURSEHOUSE_HOME": str(tmp_path_factory.mktemp("demo") / "home"),
        "COURSEHOUSE_PG_PORT": str(free_port()),
        "COURSEHOUSE_KAFKA_PORT": str(free_port()),
    }
    yield {**kept, **own}
    subprocess.run(
        [PROGRAM, "down", "--delete"], env={**kept, **own}, check=True, capture_output=True
    )


def test_the_demo_builds_a_tested_warehouse_and_a_second_run_changes_nothing(
    environment: dict[str, str], browser: Browser
) -> None:
    first = " ".join(_demo(environment).split())  # how wide columns are is not of interest
    for expected in (
        "40,863 new",
        "51 in 8 courses",
        # 809 sessions of Moodle's log alone, and those of a simulated week
        "1,826 from 40,916 events",
        "20,200 in 11 topics, 100 more broken and kept aside",
        "visits to the shop",
        # as the simulator's truth has it: every month-end and every euro of its books
        "21 customers in 4 currencies at 30 Sep 2025",
        "12,906.36 EUR after refunds, disputes and fees",
        "by course",
        f"dbt packages {source()}",
        "target/docs/index.html",
        "elementary_report.html",
    ):
        assert expected in first
    done, total = re.findall(r"dbt build \S+ (\d+)/(\d+) ", first)[0]
    assert done == total
    site = PROJECT_DIR / "target" / "docs"
    assert all((site / page).exists() for page in ("dbt.html", "lineage.html", "dictionary.html"))
    report = PROJECT_DIR / "target" / "report" / "elementary_report.html"
    with browser.new_page() as page:  # it has no network
        page.goto(f"{report.as_uri()}#/report/test-results")
        expect(page.get_by_text(f"dbt packages: {source()}")).to_be_visible()
        # of thousands of tests the page shows the first; the other search is that of the tree
        page.get_by_role("textbox", name="Search").last.fill("charges_are_not_negative")
        found = page.get_by_role("row").filter(has_text="charges_are_not_negative")
        expect(found).to_contain_text("Passed")
        page.goto((site / "index.html").as_uri())
        expect(page.get_by_text("lineage").first).to_be_visible()
    second = _demo(environment)
    assert "nothing new since the last build, nothing built" in second
    assert "0 new, 0 changed, 0 deleted rows; 0 events" in second
    # what comes after the demo: plain dbt, no variable but the port, no password
    target = environment["COURSEHOUSE_HOME"]
    dbt = [str(PROGRAM.parent / "dbt"), "run", "--select", "dim_date", "--target-path", target]
    subprocess.run(dbt, cwd=PROJECT_DIR, env=environment, check=True, capture_output=True)


def _demo(environment: dict[str, str]) -> str:
    done = subprocess.run(
        [PROGRAM, "demo"],
        cwd=PROJECT_DIR,
        env={**environment, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
