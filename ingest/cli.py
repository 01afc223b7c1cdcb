"""The command line `coursehouse`."""

import json
import sys
from typing import Annotated, NoReturn

import psycopg
import typer
from rich.console import Console

from ingest.alerts.commands import alert_command
from ingest.archive.commands import archive_command, replay_command
from ingest.backfill.commands import backfill_command
from ingest.build_command import build_command
from ingest.collector.commands import collect_command
from ingest.connect.commands import connect_app
from ingest.dashboards.commands import dashboards_app, stop_superset
from ingest.docs.commands import docs_command
from ingest.erasure.commands import erase_command
from ingest.errors import UserError
from ingest.events.commands import retention_command
from ingest.files.commands import load_files_command
from ingest.fx.commands import load_fx_command
from ingest.job_command import job_command
from ingest.kafka.changes import load_changes_command
from ingest.kafka.commands import load_events_command, topics_app
from ingest.maintenance.commands import maintain_command
from ingest.monitoring.commands import metrics_command
from ingest.moodle.commands import load_moodle_command
from ingest.packages import install as install_packages
from ingest.postgres import embedded, start_warehouse
from ingest.prepare import prepare_command
from ingest.report import report_command
from ingest.schedule_command import schedule_command
from ingest.settings import load_settings
from ingest.simulate.command import simulate_app
from ingest.status import render, warehouse_status
from ingest.stream.commands import stream_command
from ingest.stripe.commands import load_stripe_command

app = typer.Typer(
    name="coursehouse",
    help="An open warehouse for people who run courses.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals may hold passwords
)


@app.command()
def up() -> None:
    """Start the warehouse and the broker (or check your own server), and prepare a first load."""
    from ingest.kafka.embedded import start_broker

    settings = load_settings()
    started = start_warehouse(settings)
    if not settings.is_embedded:
        typer.echo(f"the warehouse at {settings.pg_host} is ready")
    else:
        typer.echo("the warehouse is running" if started else "the warehouse was running already")
    start_broker(settings, typer.echo)


@app.command()
def down(
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete its data too: everything loaded and built.")
    ] = False,
) -> None:
    """Stop the embedded warehouse and broker; your own servers are left alone."""
    from ingest.kafka.embedded import stop_broker

    settings = load_settings()
    stop_superset(settings, delete)
    stop_broker(settings, typer.echo, delete)
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
    """Show what the warehouse holds and when it was last loaded and built.

    Exit code 1 if it does not answer, unless there is none yet.
    """
    found = warehouse_status(load_settings())
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
    else:
        Console(soft_wrap=True).print(render(found))
    if found.exists and not found.running:
        raise typer.Exit(1)


@app.command()
def deps() -> None:
    """Install the dbt packages: from the hub, your mirror, or what ships with Coursehouse."""
    typer.echo(f"dbt packages: {install_packages(load_settings(), typer.echo)}")


app.command("prepare")(prepare_command)
app.command("build")(build_command)
app.command("docs")(docs_command)
app.command("report")(report_command)
app.add_typer(topics_app, name="topics")
app.add_typer(connect_app, name="connect")

load_app = typer.Typer(help="Read a source into the warehouse.", no_args_is_help=True)
app.add_typer(load_app, name="load")


load_app.command("moodle")(load_moodle_command)
load_app.command("events")(load_events_command)
load_app.command("changes")(load_changes_command)
load_app.command("files")(load_files_command)
load_app.command("fx")(load_fx_command)
load_app.command("stripe")(load_stripe_command)
app.command("archive")(archive_command)
app.command("backfill")(backfill_command)
app.command("replay")(replay_command)
app.command("collect")(collect_command)
app.command("retention")(retention_command)
app.command("maintain")(maintain_command)
app.command("erase")(erase_command)
app.command("metrics")(metrics_command)
app.command("alert")(alert_command)
app.command("stream")(stream_command)
app.command("job")(job_command)
app.command("schedule")(schedule_command)
app.add_typer(simulate_app, name="simulate")
app.add_typer(dashboards_app, name="dashboards")


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
