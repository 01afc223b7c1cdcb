"""`coursehouse prepare`: what a first start needs, before anything else may run."""

import typer

from ingest.errors import UserError
from ingest.settings import Settings, load_settings

LOADED = "raw_moodle.mdl_user"
# the mart of the first build of all that a stream goes on with
BUILT = "intermediate.int_events__activity_records"


def prepare_command() -> None:
    """Make ready for a first start: topics, a load of Moodle, a build. Does nothing where they are.

    A first build of which only tests failed is one to go on with: whoever looks after it is told.
    """
    # what is there already costs no import
    from ingest.kafka.commands import apply_command
    from ingest.kafka.embedded import has_kafka
    from ingest.moodle.commands import load_moodle_command

    settings = load_settings()
    if has_kafka(settings):
        apply_command()
    # by a load, or by changes that Debezium captured
    if not _exists(settings, LOADED):
        load_moodle_command()
    if not _exists(settings, BUILT):
        _build(settings)
    typer.echo("ready")


def _build(settings: Settings) -> None:
    from rich.console import Console

    from ingest.build_marts import build_marts

    try:
        build_marts(settings, Console(soft_wrap=True))
    except UserError as error:
        if not _exists(settings, BUILT):
            raise
        typer.echo(f"going on with what was built: {error}")


def _exists(settings: Settings, relation: str) -> bool:
    from ingest.warehouse.session import warehouse

    with warehouse(settings) as conn:
        return conn.execute("select to_regclass(%s) is not null", [relation]).fetchone() == (True,)
