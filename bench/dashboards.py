"""Does every chart answer fast, for whoever looks, and however long the history is?

    python bench/dashboards.py [--rows 10000000]
    python bench/dashboards.py --demo

Loads the sample site, adds 2,000 learners and a log of so many rows, 10,000 a day (as
`mart_increments.py` does), builds every mart, imports the dashboards into a Superset of its own,
and has it ask the query of every chart, past its cache (`coursehouse dashboards warm`): as the
administrator, who sees everything, and as the teacher of most learners, whose rows are looked up
by the courses of the account. Each asks twice: the first time Postgres reads from the disk; the
second counts. Needs `make superset` once. Ten million rows need about 25 GB of disk.

The shop, money, meetings and the streams are not part of that: their charts find empty marts. With
`--demo` every mart holds something: the warehouse is the one of `coursehouse demo`.

Targets: every query within 2 s at ten million rows, and within 0.3 s on the data of the demo. The
second time the SQL of every chart is also asked of Postgres alone, which shows Superset's share.
"""

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

from mart_increments import ENROLMENTS, EVENTS, LEARNERS, PEOPLE
from psycopg import sql
from warehouse import COURSEHOUSE, Bench, bench

from ingest.dashboards.audiences import superset_role
from ingest.dashboards.server import ADMIN, SupersetServer
from ingest.postgres import connect
from ingest.processes import free_port
from ingest.settings import PROJECT_DIR, Settings

DATABASE = "loaded"
DAY_ROWS = 10_000
TARGET_SECONDS = 2.0
DEMO_TARGET_SECONDS = 0.3
SHOWN = 15
# who teaches in courses most learners are enrolled in
TEACHER: LiteralString = """
    select u.username
    from raw_moodle.mdl_role_assignments as a
    inner join raw_moodle.mdl_role as r on a.roleid = r.id and r.archetype = 'editingteacher'
    inner join raw_moodle.mdl_context as c on a.contextid = c.id and c.contextlevel = 50
    inner join raw_moodle.mdl_user as u on a.userid = u.id and u.suspended = 0 and u.deleted = 0
    inner join marts_learning.fact_course_completion as l on c.instanceid = l.course_id
    where a._deleted_at is null and l.is_student
    group by u.username
    order by count(*) desc, u.username
    limit 1
"""


def main() -> None:
    """Run the benchmark and print the slowest charts; exit code 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--demo", action="store_true")
    arguments = parser.parse_args()
    if arguments.demo:
        with _demo() as settings:
            is_good = _ask(settings, DEMO_TARGET_SECONDS)
    else:
        with bench() as used:
            settings = _settings(used)
            SupersetServer(settings).require_installed()
            used.load_sample()
            _arrive(used, arguments.rows)
            seconds = used.build(DATABASE)
            print(f"{arguments.rows:,} rows: built in {seconds} s", flush=True)
            _deploy(used)
            is_good = _ask(settings, TARGET_SECONDS)
    sys.exit(0 if is_good else 1)


@contextmanager
def _demo() -> Iterator[Settings]:
    """The warehouse of the demo with its dashboards, in a home of its own that is gone later."""
    with tempfile.TemporaryDirectory(prefix="coursehouse-bench-") as home:
        Path(home).chmod(0o755)
        ports = {name: free_port() for name in ("pg_port", "kafka_port", "superset_port")}
        settings = Settings.model_validate({"home": home, **ports})
        SupersetServer(settings).require_installed()
        named = {f"COURSEHOUSE_{name.upper()}": str(port) for name, port in ports.items()}
        environment = {**os.environ, **named, "COURSEHOUSE_HOME": home}
        try:
            for command in (["demo"], ["dashboards", "deploy"]):
                subprocess.run(
                    [COURSEHOUSE, *command], cwd=PROJECT_DIR, env=environment, check=True
                )
            yield settings
        finally:
            down = [COURSEHOUSE, "down", "--delete"]
            subprocess.run(down, cwd=PROJECT_DIR, env=environment, check=True)


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


def _ask(settings: Settings, target: float) -> bool:
    """Every chart twice, for who sees everything and for a teacher. False: a target was missed."""
    server = SupersetServer(settings)
    people = {"the administrator": ADMIN, "a teacher": _teacher(settings, server)}
    is_good = True
    for name, login in people.items():
        _report(f"{name}, first time", server.warm(login), target)
        report = server._run("warm.py", login, "--queries")
        _report(f"{name}, second time", report, target)
        report["took"] = _queried(settings, report["took"])
        is_good &= _report(f"{name}, without Superset", report, target)
    return is_good


def _queried(settings: Settings, took: list[list[Any]]) -> list[list[Any]]:
    """The same charts with what their queries alone take, the slowest first."""
    queried: list[list[Any]] = []
    with connect(settings) as conn:
        for _, dashboard, chart, queries in took:
            started = time.monotonic()
            for query in queries:
                conn.execute(query.encode()).fetchall()
            queried.append([time.monotonic() - started, dashboard, chart, queries])
    return sorted(queried, reverse=True)


def _teacher(settings: Settings, server: SupersetServer) -> str:
    """User name of a teacher, who gets an account in Superset."""
    with connect(settings) as conn:
        (login,) = conn.execute(TEACHER).fetchone() or (None,)
    if login is None:
        raise SystemExit("nobody teaches here")
    account = {"username": login, "role": superset_role("teacher"), "firstname": "A"}
    account |= {"lastname": "Teacher", "email": "teacher@localhost"}
    account |= {"password": secrets.token_urlsafe(16)}
    options = [part for name, value in account.items() for part in (f"--{name}", str(value))]
    command: list[str | Path] = [settings.superset_environment / "bin" / "superset"]
    command += ["fab", "create-user", *options]
    server._account().run(command, env=server._environment()).check_returncode()
    return str(login)


def _report(name: str, report: dict[str, Any], target: float) -> bool:
    took, failed = report["took"], report["failed"]
    slow = [seconds for seconds, *_ in took if seconds > target]
    print(f"\n{name}: {len(took)} charts, {len(failed)} failed, {len(slow)} above {target} s")
    for seconds, dashboard, chart, *_ in took[:SHOWN]:
        print(f"  {seconds:6.2f} s  {dashboard}: {chart}")
    for dashboard, chart, reason in failed:
        print(f"  failed    {dashboard}: {chart}: {reason}")
    return bool(took) and not slow and not failed


if __name__ == "__main__":
    main()
