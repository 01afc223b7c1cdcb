"""`coursehouse topics`, the topic registry on the cluster, and `coursehouse load events`."""

import json
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ingest.errors import UserError
from ingest.events.topics import choose, listed
from ingest.monitoring.options import MetricsPort
from ingest.settings import load_settings

Names = Annotated[str, typer.Option("--topics", help="Only these, separated by commas.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]

topics_app = typer.Typer(
    help="Kafka topics as seeds/kafka_topics.csv wants them.", no_args_is_help=True
)


@topics_app.command("apply")
def apply_command(
    names: Names = "",
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what differs, change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Create missing topics, add partitions, and change settings that differ."""
    # the client library is loaded only by those who talk to Kafka
    from ingest.kafka.admin import apply_topics

    topics = choose(listed(names))
    found = apply_topics(load_settings(), topics, is_dry_run)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=2))
    else:
        for one in found:
            typer.echo(str(one))
        as_registered = len(topics) - len({one.topic for one in found})
        typer.echo(f"{as_registered} of {len(topics)} topics were as registered")
    refused = {one.topic for one in found if one.outcome == "refused"}
    if refused:
        raise UserError(f"Kafka refused changes of {', '.join(sorted(refused))}")


@topics_app.command("list")
def list_command(names: Names = "", as_json: Json = False) -> None:
    """Show the registered topics as the cluster has them."""
    from ingest.kafka.admin import compare, read_states
    from ingest.kafka.client import admin

    topics = choose(listed(names))
    states, brokers = read_states(admin(load_settings()), topics)
    rows: list[dict[str, Any]] = []
    for topic in topics:
        state = states[topic.topic]
        rows.append(
            {
                "topic": topic.topic,
                "exists": state is not None,
                "partitions": state and state.partitions,
                "replication": state and state.replication,
                "retention_ms": state and state.config.get("retention.ms"),
                "cleanup_policy": state and state.config.get("cleanup.policy"),
                "differs_in": [one.what for one in compare(topic, state, brokers)],
            }
        )
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table("topic", "partitions", "replication", "retention.ms", "policy", "", box=None)
    for row in rows:
        if not row["exists"]:
            table.add_row(row["topic"], "", "", "", "", "missing")
            continue
        differs = ", ".join(row["differs_in"])
        table.add_row(
            row["topic"],
            str(row["partitions"]),
            str(row["replication"]),
            row["retention_ms"],
            row["cleanup_policy"],
            f"differs in {differs}" if differs else "",
        )
    Console(soft_wrap=True).print(table)


def load_events_command(
    topics: Annotated[
        str, typer.Option(help="Only these, separated by commas: user.events,quiz")
    ] = "",
    until_caught_up: Annotated[
        bool, typer.Option("--until-caught-up", help="End where the topics end now (the default).")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on until SIGINT or SIGTERM.")
    ] = False,
    from_earliest: Annotated[
        bool,
        typer.Option("--from-earliest", help="Where Kafka lost records, go on with what is left."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The summary for programs; progress goes to stderr.")
    ] = False,
    metrics_port: MetricsPort = None,
) -> None:
    """Load Kafka topics; what breaks its contract goes to raw_events.dead_letter."""
    from ingest.archive.auto import archiving
    from ingest.kafka.load import load_events
    from ingest.monitoring.measure import measured
    from ingest.signals import stop_on_signals

    if until_caught_up and follow:
        raise UserError("--until-caught-up ends and --follow does not: choose one")
    settings, say = load_settings(), partial(typer.echo, err=as_json)
    with measured(settings, "events", say, port=metrics_port) as figures, archiving(settings, say):
        with stop_on_signals() as is_stopped:
            loaded = load_events(
                settings,
                say,
                listed(topics),
                follow=follow,
                from_earliest=from_earliest,
                is_stopped=is_stopped,
                figures=figures,
            )
        typer.echo(json.dumps(loaded.as_json()) if as_json else "\n".join(loaded.lines()))
