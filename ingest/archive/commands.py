"""The commands `archive` and `replay`."""

from typing import Annotated

import typer

from ingest.settings import load_settings

Topics = Annotated[str, typer.Option(help="Only these, separated by commas: user.events,clicks")]


def archive_command(
    compact: Annotated[
        bool, typer.Option("--compact", help="Then merge small files of a topic and day.")
    ] = False,
) -> None:
    """Write every record that arrived since the last time to COURSEHOUSE_ARCHIVE_URL."""
    from ingest.archive.write import archive

    settings = load_settings()
    typer.echo(f"archive: {archive(settings, typer.echo):,} records written")
    if compact:
        from ingest.archive.compact import compact as merge

        typer.echo(f"archive: {merge(settings, typer.echo):,} files merged into larger ones")


def replay_command(
    topics: Topics = "",
    error_class: Annotated[
        str, typer.Option(help="Only letters of this class: contract, not_json ...")
    ] = "",
) -> None:
    """Check dead letters again, after a contract was put right."""
    from ingest.archive.replay import replay

    result = replay(load_settings(), typer.echo, _names(topics), error_class or None)
    typer.echo(f"replay: {result.accepted:,} accepted, {result.refused:,} refused again")


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",") if name.strip()]
