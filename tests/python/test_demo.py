"""The newcomer's command, run as a newcomer runs it."""

import re
import subprocess
from typing import Any

from demo_fixtures import PROGRAM, Demo
from playwright.sync_api import Browser, expect
from psycopg import sql

from ingest.packages import source
from ingest.postgres import connect
from ingest.settings import PROJECT_DIR

MARK = sql.SQL("select count(*), sum(hashtextextended(t::text, 0)) from {} as t")
FEW = 250  # of 530 models, seeds and snapshots


def test_the_demo_builds_a_tested_warehouse_and_a_second_run_changes_nothing(
    demo: Demo, browser: Browser
) -> None:
    first = " ".join(demo.output.split())  # how wide columns are is not of interest
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
    second = demo.run("demo")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "nothing new since the last build, nothing built" in second.stdout
    assert "0 new, 0 changed, 0 deleted rows; 0 events" in second.stdout
    # what comes after the demo: plain dbt, no variable but the port, no password
    target = demo.environment["COURSEHOUSE_HOME"]
    dbt = [str(PROGRAM.parent / "dbt"), "run", "--select", "dim_date", "--target-path", target]
    subprocess.run(dbt, cwd=PROJECT_DIR, env=demo.environment, check=True, capture_output=True)


def test_a_build_of_everything_is_a_sample_for_alerts(demo: Demo) -> None:
    with connect(demo.settings()) as conn:
        sampled = conn.execute(
            "select distinct metric from ops.metric_sample"
            " where metric like 'coursehouse_build%' order by metric"
        ).fetchall()
    assert sampled == [("coursehouse_build_duration_seconds",), ("coursehouse_build_failures",)]


def test_a_build_without_new_data_changes_no_row_and_no_view(demo: Demo) -> None:
    if _build(demo, "--no-tests")[0] > FEW:  # whoever used the demo before may have made roles
        _build(demo, "--no-tests")
    before, sampled = _marks(demo), _samples(demo)
    models, tests = _build(demo)
    assert models < FEW, "the views were not left out"
    assert tests > 2_000
    assert _marks(demo) == before
    assert _samples(demo) == sampled + 2  # how long it took, and how much failed


def _build(demo: Demo, *options: str) -> tuple[int, int]:
    """How many models (snapshots and seeds among them) and tests a build takes."""
    done = demo.run("build", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    with connect(demo.settings()) as conn:
        models, tests = conn.execute(
            "select models, tests from ops.build_run order by started_at desc limit 1"
        ).fetchall()[0]
    return models, tests


def _samples(demo: Demo) -> int:
    with connect(demo.settings()) as conn:
        rows = conn.execute(
            "select count(*) from ops.metric_sample where metric like 'coursehouse_build%'"
        )
        return sum(row[0] for row in rows)


def _marks(demo: Demo) -> dict[str, Any]:
    """Relation -> what any changed value of a mart, or a view made anew, changes."""
    with connect(demo.settings()) as conn:
        tables = conn.execute(
            "select schemaname, tablename from pg_tables where schemaname like 'marts%'"
        ).fetchall()
        views = conn.execute(
            "select ev_class::regclass::text, pg_rewrite.xmin::text from pg_rewrite"
            " inner join pg_class on ev_class = pg_class.oid"
            " where relkind = 'v' and relnamespace::regnamespace::text !~ '^(pg_|information_)'"
        ).fetchall()
        marks: dict[str, Any] = {
            f"{schema}.{table}": conn.execute(MARK.format(sql.Identifier(schema, table))).fetchone()
            for schema, table in tables
        }
    assert len(tables) > 100
    assert len(views) > 300
    return marks | dict(views)
