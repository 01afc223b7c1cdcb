"""The newcomer's command, run as a newcomer runs it."""

import subprocess

from demo_fixtures import PROGRAM, Demo

from ingest.settings import PROJECT_DIR


def test_the_demo_builds_a_tested_warehouse_and_a_second_run_changes_nothing(demo: Demo) -> None:
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
        "static_index.html",
    ):
        assert expected in demo.output
    assert (PROJECT_DIR / "target" / "static_index.html").stat().st_size > 1_000_000
    second = demo.run("demo")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "nothing new since the last build, nothing built" in second.stdout
    assert "0 new, 0 changed, 0 deleted rows; 0 events" in second.stdout
    # what comes after the demo: plain dbt, no variable but the port, no password
    target = demo.environment["COURSEHOUSE_HOME"]
    dbt = [str(PROGRAM.parent / "dbt"), "run", "--select", "dim_date", "--target-path", target]
    subprocess.run(dbt, cwd=PROJECT_DIR, env=demo.environment, check=True, capture_output=True)
