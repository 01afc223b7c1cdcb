"""`coursehouse report`: what the tests found, run by run, on one page that needs no server.

Elementary's own command edr makes the page, from what builds stored in the schema `elementary`.
"""

import os
import subprocess
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from ingest.errors import UserError
from ingest.packages import FOLDER, ensure_packages
from ingest.postgres import connect
from ingest.settings import PROJECT_DIR, Settings, load_settings

REPORT_PAGE = PROJECT_DIR / "target" / "report" / "elementary_report.html"

# Without this edr reports its use, and its `dbt deps` empties the folder of packages offline.
_EDR_CONFIG = "anonymous_usage_tracking: false\nrun_dbt_deps_if_needed: false\n"
# The page asks for web fonts and carries trackers; whoever reads it tells nobody.
_NOTHING_FROM_OUTSIDE = (
    '<meta http-equiv="Content-Security-Policy" content="default-src '
    "'self' 'unsafe-inline' 'unsafe-eval' data: blob:\">"
)


def write_report(settings: Settings, page: Path = REPORT_PAGE) -> Path:
    """Write the page of the last seven days; its path.

    `UserError` if no build stored a result yet, or edr fails.
    """
    packages = ensure_packages()
    _check_builds(settings)
    page.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="coursehouse-report-") as folder:
        made = _run_edr(Path(folder), packages)
        new = page.with_name(f".{page.name}.{os.getpid()}")
        new.write_text(_NOTHING_FROM_OUTSIDE + made.read_text())
        new.replace(page)
    return page


def report_command(
    open_page: Annotated[bool, typer.Option("--open", help="Show it in your browser.")] = False,
) -> None:
    """Write what tests found, run by run, with lineage and samples of failed rows, on one page."""
    page = write_report(load_settings())
    typer.echo(f"{page}\ndbt packages: {ensure_packages()}")
    if open_page:
        webbrowser.open(page.as_uri())


def _check_builds(settings: Settings) -> None:
    with connect(settings) as conn:
        try:
            row = conn.execute("select exists(select from elementary.dbt_invocations)").fetchone()
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            row = None
    if row != (True,):
        raise UserError("no build has stored results yet: run `coursehouse build` first")


def _run_edr(scratch: Path, packages: str) -> Path:
    """Let edr work where it can spoil nothing; the page it made, which names the packages."""
    folder = scratch / "packages"
    folder.mkdir()
    for name in ("dbt_utils", "elementary"):  # exactly those that edr's own dbt project names
        (folder / name).symlink_to((PROJECT_DIR / FOLDER / name).resolve())
    (scratch / "config.yml").write_text(_EDR_CONFIG)
    page = scratch / "report.html"
    run = subprocess.run(
        [
            *(Path(sys.executable).with_name("edr"), "report"),
            *("--config-dir", scratch),
            *("--project-dir", PROJECT_DIR, "--profiles-dir", PROJECT_DIR),
            *("--target-path", scratch, "--file-path", page, "--open-browser", "false"),
            *("--project-name", "Coursehouse", "--env", f"dbt packages: {packages}"),
        ],
        cwd=scratch,
        env={
            **os.environ,
            "DBT_PACKAGES_FOLDER": str(folder),
            "EDR_INTERNAL_TARGET_PATH": str(scratch / "target"),
            "DO_NOT_TRACK": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode or not page.is_file():
        lines = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]
        raise UserError(f"edr could not make the report: {lines[-1] if lines else 'no output'}")
    return page
