"""The command `build`."""

from typing import Annotated

import typer
from rich.console import Console

from ingest.settings import load_settings


def build_command(
    select: Annotated[
        str, typer.Option("--select", help="Only these, as dbt selects: rt_sales_window tag:x+")
    ] = "",
    exclude: Annotated[str, typer.Option("--exclude", help="All but these.")] = "",
    is_untested: Annotated[
        bool, typer.Option("--no-tests", help="Build without testing what was built.")
    ] = False,
    is_full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Make incremental models anew.")
    ] = False,
    only_if_new: Annotated[
        bool,
        typer.Option(
            "--if-new", help="Only if anything was loaded, or changed in the project, since."
        ),
    ] = False,
    wait_minutes: Annotated[
        float | None,
        typer.Option("--wait", help="Minutes to wait for another build that is running.", min=0),
    ] = None,
) -> None:
    """Build and test the marts from what is loaded; one build of a warehouse at a time.

    A model that fails leaves its mart as it was, and what reads it. A build of everything leaves
    out views that stand as they would be made.
    """
    # dbt costs seconds to import: only those who need it pay for it
    from ingest.build import NO_TESTS
    from ingest.build_marts import build_marts
    from ingest.build_state import is_built, note_unchanged

    options = [
        *(("--select", *select.split()) if select else ()),
        *(("--exclude", *exclude.split()) if exclude else ()),
        *(("--full-refresh",) if is_full_refresh else ()),
        *(NO_TESTS if is_untested else ()),
    ]
    is_of_all = not (select or exclude or is_full_refresh)
    settings, console = load_settings(), Console(soft_wrap=True)
    if only_if_new and is_built(settings):
        note_unchanged(settings)
        typer.echo("nothing new since the last build, nothing built")
        return
    _, built = build_marts(
        settings, console, *options, wait_minutes=wait_minutes, may_leave_views=is_of_all
    )
    typer.echo(f"built: {built.successes:,} models and tests, {built.warnings:,} warnings")
