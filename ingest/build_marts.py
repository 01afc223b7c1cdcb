"""A build of the marts that people watch: with progress, and what failed in dbt's own words."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ingest.build import BuildResult, Dbt
from ingest.build_lock import building
from ingest.build_state import (
    are_unit_tests_passed,
    build_state,
    keep_state,
    keep_unit_tests,
    unit_test_state,
)
from ingest.errors import UserError
from ingest.settings import Settings

SHOWN_FAILURES = 20


def build_marts(
    settings: Settings, console: Console, *options: str, wait_minutes: float | None = None
) -> tuple[Dbt, BuildResult]:
    """`dbt build` with a bar, alone in the warehouse; `options` are dbt's.

    Everything is built without unit tests where they would only say again what they have said.
    Raises `Busy`, or `UserError` after it has shown which models and tests failed.
    """
    is_whole = not options
    with building(settings, console.print, wait_minutes):
        dbt = Dbt()
        # what comes, or is edited, while it builds is for the next one
        state, tested = build_state(settings), unit_test_state(settings)
        has_unit_tests = not (is_whole and are_unit_tests_passed(settings, tested))
        if is_whole:
            keep_state(settings, "")
        columns = (TextColumn("[bold]dbt build[/]"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
            task = progress.add_task("build", total=None)

            def show(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total if is_whole else None)

            built = dbt.build(show, *options, has_unit_tests=has_unit_tests)
    for failure in built.failures[:SHOWN_FAILURES]:
        console.print(f"  {failure}", style="red", soft_wrap=True, markup=False)
    if built.failures:
        raise UserError(f"{len(built.failures)} models or tests failed, see above")
    if is_whole:
        keep_state(settings, state)
        keep_unit_tests(settings, tested)
    return dbt, built
