"""A build of the marts that people watch: with progress, and what failed in dbt's own words."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ingest.build import BuildResult, Dbt, is_whole, project_fingerprint
from ingest.build_lock import building
from ingest.build_state import build_state, keep_state
from ingest.errors import UserError
from ingest.settings import Settings
from ingest.standing_views import are_standing, keep_views

SHOWN_FAILURES = 20


def build_marts(
    settings: Settings,
    console: Console,
    *options: str,
    wait_minutes: float | None = None,
    may_leave_views: bool = False,
) -> tuple[Dbt, BuildResult]:
    """`dbt build` with a bar, alone in the warehouse; `options` are dbt's.

    `may_leave_views`: views that stand as they would be made are left out, their tests are not.
    Raises `Busy`, or `UserError` after it has shown which models and tests failed.
    """
    whole = is_whole(options)
    with building(settings, console.print, wait_minutes):
        dbt = Dbt()
        # what comes, or is edited, while it builds is for the next one
        state, project = build_state(settings), project_fingerprint()
        leaves_views = may_leave_views and are_standing(settings, project)
        if whole:
            keep_state(settings, "")
        columns = (TextColumn("[bold]dbt build[/]"), BarColumn(), MofNCompleteColumn())
        # a bar drawn ten times a second takes seconds of a build
        bar = Progress(*columns, TimeElapsedColumn(), console=console, refresh_per_second=1)
        with bar as progress:
            task = progress.add_task("build", total=None)

            def show(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total if whole else None)

            built = dbt.build(show, *options, leaves_views=leaves_views)
        if built.has_all_models:
            keep_views(settings, project)
    for failure in built.failures[:SHOWN_FAILURES]:
        console.print(f"  {failure}", style="red", soft_wrap=True, markup=False)
    if built.failures:
        raise UserError(f"{len(built.failures)} models or tests failed, see above")
    if whole:
        keep_state(settings, state)
    return dbt, built
