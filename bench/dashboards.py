"""Does every chart answer fast, however long the history is?

    python bench/dashboards.py [--rows 10000000]

Loads the sample site, adds 2,000 learners and a log of so many rows, 10,000 a day (as
`mart_increments.py` does), builds every mart, imports the dashboards into a Superset of its own,
and has it ask the query of every chart, past its cache: `coursehouse dashboards warm`, twice. The
first time Postgres reads from the disk; the second counts. Needs `make superset` once. Ten million
rows need about 25 GB of disk. Shop and money are not part of it: their charts find empty marts.

Target: every chart within 2 s at ten million rows, Superset's own share (about 0.05 s) included.
"""

import argparse
import subprocess
import sys
from typing import Any

from mart_increments import ENROLMENTS, EVENTS, LEARNERS, PEOPLE
from psycopg import sql
from warehouse import Bench, bench

from ingest.dashboards.server import SupersetServer
from ingest.settings import PROJECT_DIR, Settings

DATABASE = "loaded"
DAY_ROWS = 10_000
TARGET_SECONDS = 2.0
SHOWN = 15


def main() -> None:
    """Run the benchmark and print the slowest charts; exit code 1 if the target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows: int = parser.parse_args().rows
    with bench() as used:
        server = SupersetServer(_settings(used))
        server.require_installed()
        used.load_sample()
        _arrive(used, rows)
        seconds = used.build(DATABASE)
        print(f"{rows:,} rows: built in {seconds} s", flush=True)
        _deploy(used)
        _report("first time", server.warm())
        is_good = _report("second time", server.warm())
    sys.exit(0 if is_good else 1)


def _arrive(used: Bench, rows: int) -> None:
    with used.connect(DATABASE) as conn:
        conn.execute(PEOPLE, {"learners": LEARNERS})
        conn.execute(ENROLMENTS, {"learners": LEARNERS})
        numbers = {"first": 1, "last": rows, "load": 2, "learners": LEARNERS, "day_rows": DAY_ROWS}
        conn.execute(EVENTS, numbers)
        conn.execute("analyze raw_moodle.mdl_logstore_standard_log")


def _deploy(used: Bench) -> None:
    """Import the dashboards, as the warehouse's role: it has to make the database of Superset."""
    with used.server._admin() as admin:
        admin.execute(sql.SQL("alter role coursehouse createdb createrole"))
    subprocess.run(
        [sys.executable, "-m", "ingest.cli", "dashboards", "deploy"],
        cwd=PROJECT_DIR,
        env=used.environment(DATABASE, is_for_loads=True)
        | {"COURSEHOUSE_HOME": str(_settings(used).home_dir)},
        check=True,
    )


def _settings(used: Bench) -> Settings:
    return used.settings(DATABASE).model_copy(update={"home": used.directory / "dashboards"})


def _report(name: str, report: dict[str, Any]) -> bool:
    took, failed = report["took"], report["failed"]
    slow = [seconds for seconds, _, _ in took if seconds > TARGET_SECONDS]
    print(f"\n{name}: {len(took)} charts, {len(failed)} failed, {len(slow)} above the target")
    for seconds, dashboard, chart in took[:SHOWN]:
        print(f"  {seconds:6.2f} s  {dashboard}: {chart}")
    for dashboard, chart, reason in failed:
        print(f"  failed    {dashboard}: {chart}: {reason}")
    return not slow and not failed


if __name__ == "__main__":
    main()
