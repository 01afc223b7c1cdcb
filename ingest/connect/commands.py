"""`coursehouse connect`: the connectors of ingest/connect/ in your Kafka Connect."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ingest.errors import UserError
from ingest.settings import load_settings

Names = Annotated[list[str], typer.Argument(help="As `coursehouse connect status` lists them.")]

connect_app = typer.Typer(
    help="Connectors of Kafka Connect as ingest/connect/*.json declare them.",
    no_args_is_help=True,
)


@connect_app.command("apply")
def apply_command(names: Names) -> None:
    """Create connectors, or change what differs from their file. Safe to repeat."""
    from ingest.connect.cluster import ConnectCluster
    from ingest.connect.declared import chosen, declared

    settings = load_settings()
    wanted = chosen(names, declared(settings.moodle_prefix))
    cluster = ConnectCluster(settings)
    for connector in wanted:
        typer.echo(f"{connector.name}: {cluster.apply(connector)}")


@connect_app.command("status")
def status_command(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show every declared connector and its tasks; fails if one has failed."""
    from ingest.connect.cluster import ConnectCluster
    from ingest.connect.declared import declared

    settings = load_settings()
    names = declared(settings.moodle_prefix)
    cluster = ConnectCluster(settings)
    states = [cluster.state(name) for name in names]
    if as_json:
        typer.echo(json.dumps([state.as_json() for state in states], indent=2))
    else:
        table = Table("connector", "state", "tasks", "", box=None)
        for state in states:
            tasks = f"{state.running} of {state.tasks} run" if state.tasks else ""
            table.add_row(state.name, state.state.lower(), tasks, state.failure or "")
        Console(soft_wrap=True).print(table)
    failed = [state.name for state in states if state.is_failed]
    if failed:
        raise UserError(f"failed: {', '.join(failed)}; `coursehouse connect apply` after a remedy")


@connect_app.command("delete")
def delete_command(names: Names) -> None:
    """Remove connectors. What they wrote stays, and where they were: applied again, they go on."""
    from ingest.connect.cluster import ConnectCluster
    from ingest.connect.declared import chosen, declared

    settings = load_settings()
    wanted = chosen(names, declared(settings.moodle_prefix))
    cluster = ConnectCluster(settings)
    for connector in wanted:
        is_gone = cluster.delete(connector.name)
        typer.echo(f"{connector.name}: {'deleted' if is_gone else 'there was none'}")
        if is_gone and (slot := connector.config.get("slot.name")):
            typer.echo(
                f"  Moodle's Postgres keeps its log for the slot {slot} until you apply it again,"
                f" or: select pg_drop_replication_slot('{slot}')"
            )
