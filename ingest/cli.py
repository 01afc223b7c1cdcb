"""The command line `coursehouse`."""

import json
import sys
from typing import Annotated, NoReturn

import psycopg
import typer
from rich.console import Console

from ingest.archive import cli as archive_cli
from ingest.errors import UserError
from ingest.files import cli as files_cli
from ingest.postgres import embedded, start_warehouse
from ingest.settings import load_settings
from ingest.status import render, warehouse_status

app = typer.Typer(
    name="coursehouse",
    help="An open warehouse for people who run courses.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals may hold passwords
)


@app.command()
def up() -> None:
    """Start the warehouse (or check your own server) and create what a first load needs."""
    settings = load_settings()
    started = start_warehouse(settings)
    if not settings.is_embedded:
        typer.echo(f"the warehouse at {settings.pg_host} is ready")
    else:
        typer.echo("the warehouse is running" if started else "the warehouse was running already")


@app.command()
def down(
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete its data too: everything loaded and built.")
    ] = False,
) -> None:
    """Stop the embedded warehouse; your own server is left alone."""
    settings = load_settings()
    if not settings.is_embedded:
        typer.echo(f"nothing to stop: {settings.pg_host} is your own server")
    elif delete:
        embedded(settings).delete()
        typer.echo("the warehouse is stopped and deleted")
    elif embedded(settings).down():
        typer.echo("the warehouse is stopped")
    else:
        typer.echo("nothing to stop: the warehouse is not running")


@app.command()
def status(
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs; contains the password.")
    ] = False,
) -> None:
    """Show what the warehouse holds and when it was last loaded and built."""
    found = warehouse_status(load_settings())
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
    else:
        Console(soft_wrap=True).print(render(found))


load_app = typer.Typer(help="Read a source into the warehouse.", no_args_is_help=True)
app.add_typer(load_app, name="load")


@load_app.command("moodle")
def load_moodle_command(
    full: Annotated[
        bool, typer.Option("--full", help="Read every row again, not only what is new.")
    ] = False,
    tables: Annotated[
        str, typer.Option(help="Only these, without prefix, separated by commas: user,course")
    ] = "",
) -> None:
    """Load the Moodle database named by COURSEHOUSE_MOODLE_DSN."""
    # dlt and its drivers cost a second to import: only those who load pay for it
    from ingest.moodle.load import load_moodle

    names = [name.strip() for name in tables.split(",") if name.strip()]
    changed = load_moodle(load_settings(), typer.echo, names, full)
    typer.echo(
        f"Moodle loaded: {changed.inserted:,} new, {changed.updated:,} changed,"
        f" {changed.deleted:,} deleted rows"
    )


files_cli.add_to(load_app)
archive_cli.add_to(app)


@app.command()
def demo() -> None:
    """Start, load the sample (or your Moodle), build, test, document, and sum it up."""
    from ingest.demo import run_demo

    run_demo(load_settings(), Console())


def main() -> None:
    """Entry point: a `UserError` becomes one line on stderr and exit code 1."""
    try:
        app()
    except UserError as error:
        _fail(str(error))
    except psycopg.OperationalError as error:  # stopped, or cut off, while we used it
        _fail(f"the warehouse went away: {error}")


def _fail(reason: str) -> NoReturn:
    print(f"coursehouse: {' '.join(reason.split())}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
