"""The command `simulate`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ingest.errors import UserError
from ingest.settings import load_settings
from ingest.simulate.money.command import simulate_stripe_command
from ingest.simulate.plan import Plan
from ingest.simulate.site import SAMPLE_END

if TYPE_CHECKING:
    from ingest.simulate.sinks import Sink

Target = Literal["kafka", "files", "track"]
Format = Literal["jsonl", "jsonl.gz", "csv", "csv.gz", "parquet"]


simulate_app = typer.Typer(invoke_without_command=True)
simulate_app.command("stripe")(simulate_stripe_command)


@simulate_app.callback()
def simulate_command(
    context: typer.Context,
    to: Annotated[
        Target | None, typer.Option(help="Topics, a folder, or a collector's /v1/track.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed and options, same bytes.")] = 1,
    events: Annotated[
        int, typer.Option("--events", "--sample", help="How much happens, in events.")
    ] = 20_000,
    days: Annotated[int, typer.Option(help="Days it happens in.")] = 7,
    start: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="First day (UTC); else the sample's last days are played."
        ),
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="The days end now.")] = False,
    late_share: Annotated[float, typer.Option(help="Arrive up to 90 days later.")] = 0.0,
    duplicate_share: Annotated[float, typer.Option(help="Arrive twice.")] = 0.0,
    out_of_order_share: Annotated[float, typer.Option(help="Arrive within half an hour.")] = 0.0,
    malformed_share: Annotated[float, typer.Option(help="Have a broken copy beside them.")] = 0.0,
    skew_share: Annotated[float, typer.Option(help="Carry the time of a wrong clock.")] = 0.0,
    path: Annotated[Path | None, typer.Option(help="With --to files: an empty folder.")] = None,
    format_: Annotated[Format, typer.Option("--format", help="With --to files.")] = "jsonl",
    url: Annotated[
        str, typer.Option(help="With --to track: http://host:port; key in COURSEHOUSE_WRITE_KEY.")
    ] = "",
    rate: Annotated[float | None, typer.Option(help="Records per second, at most.")] = None,
    truth: Annotated[
        Path | None, typer.Option(help="File for what the warehouse has to show, as JSON.")
    ] = None,
) -> None:
    """Play a world of learners and shoppers whose truth is known."""
    if context.invoked_subcommand is not None:
        return
    if to is None:
        raise UserError("say where to: --to kafka, files or track")
    plan = Plan(
        seed=seed,
        events=events,
        days=days,
        until=_until(start, days, now),
        late_share=late_share,
        duplicate_share=duplicate_share,
        out_of_order_share=out_of_order_share,
        malformed_share=malformed_share,
        skew_share=skew_share,
    )
    if rate is not None and rate <= 0:
        raise UserError(f"--rate {rate} sends nothing: name a rate above 0, or none")
    if truth is not None and not truth.parent.is_dir():
        raise UserError(f"there is no folder {truth.parent} for the truth")
    # Arrow and the Kafka client take time to import: only those who send pay for it
    from ingest.simulate.run import run, write_truth

    sink, place = _target(to, path, format_, url)
    outcome = run(plan, sink, rate)
    last = (plan.until - timedelta(milliseconds=1)).astimezone(UTC)
    typer.echo(
        f"{outcome.sent:,} records of {plan.events:,} events from {plan.start:%d %b %Y} to"
        f" {last:%d %b %Y} are in {place}: {outcome.sent / outcome.seconds:,.0f} per second"
    )
    if outcome.left_out:
        typer.echo(f"{len(outcome.left_out):,} records cannot go this way and were left out")
    if truth is not None:
        write_truth(plan, outcome.left_out, truth)
        typer.echo(f"the truth about them is in {truth}")


def _until(start: datetime | None, days: int, now: bool) -> datetime:
    if start is not None and now:
        raise UserError("--start and --now exclude each other")
    if start is not None:
        return start.replace(tzinfo=UTC) + timedelta(days=days)
    return datetime.now(UTC) if now else SAMPLE_END


def _target(to: Target, path: Path | None, format_: Format, url: str) -> tuple["Sink", str]:
    """The sink the options name, and its name for people."""
    if (path is not None) > (to == "files") or bool(url) > (to == "track"):
        raise UserError("--path goes with --to files, --url with --to track")
    settings = load_settings()
    if to == "kafka":
        from ingest.simulate.sinks import to_kafka

        return to_kafka(settings), "Kafka"
    if to == "files":
        from ingest.simulate.batches import to_files

        if path is None:
            raise UserError("--to files needs a folder: add --path")
        return to_files(path, format_), str(path)

    from ingest.simulate.track import to_collector

    if not url or settings.write_key is None:
        raise UserError("--to track needs --url and the write key in COURSEHOUSE_WRITE_KEY")
    return to_collector(url, settings.write_key.get_secret_value()), url
