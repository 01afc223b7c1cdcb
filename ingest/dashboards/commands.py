"""`coursehouse dashboards`: check, build, deploy, serve, stop."""

from typing import Annotated

import psycopg
import typer
from psycopg import sql

from ingest.dashboards.catalogue import Dataset, read_catalogue
from ingest.dashboards.spec import Dashboard, read_specs
from ingest.errors import UserError
from ingest.settings import PROJECT_DIR, Settings, load_settings

BUNDLE = PROJECT_DIR / "target" / "superset"
SLOWEST = 5  # charts the warm-up names

dashboards_app = typer.Typer(help="Dashboards of the marts, in Superset.", no_args_is_help=True)


@dashboards_app.command()
def check() -> None:
    """Hold the specs against the marts, without touching a server."""
    specs, _ = checked_specs()
    charts = sum(len(spec.charts) for spec in specs)
    typer.echo(f"{len(specs)} dashboards with {charts} charts agree with the marts")


@dashboards_app.command()
def build() -> None:
    """Write Superset's YAML to target/superset and the exposures to models/exposures."""
    from ingest.dashboards.exposures import FILE, exposures

    specs, catalogue = checked_specs()
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(exposures(specs))
    count = build_bundle(load_settings(), specs, catalogue)
    typer.echo(f"{count} assets in {BUNDLE.relative_to(PROJECT_DIR)}")


@dashboards_app.command()
def deploy() -> None:
    """Import everything into Superset, remove what is gone from the specs, and verify it."""
    settings = load_settings()
    _prepare(settings, *checked_specs(), is_forced=True)


@dashboards_app.command()
def serve() -> None:
    """Bring Superset up to date and start it in the background."""
    from ingest.dashboards.server import SupersetServer
    from ingest.postgres import start_warehouse

    settings = load_settings()
    server = SupersetServer(settings)
    server.require_installed()
    start_warehouse(settings)
    _prepare(settings, *checked_specs(), is_forced=False)
    server.stop_outdated()
    state = "is running" if server.start() else "was running already"
    typer.echo(f"Superset {state} on {server.url} (user admin)")


@dashboards_app.command()
def stop() -> None:
    """Stop Superset; what it holds stays."""
    stop_superset(load_settings())


@dashboards_app.command()
def warm(
    is_if_running: Annotated[
        bool, typer.Option("--if-running", help="Do nothing unless Superset runs: for schedules.")
    ] = False,
    person: Annotated[
        str | None, typer.Option("--as", help="User name of whoever is to ask: what they wait for.")
    ] = None,
) -> None:
    """Run every chart's query once, after a build: whoever comes first need not wait."""
    from ingest.dashboards.server import ADMIN, SupersetServer

    server = SupersetServer(load_settings())
    if is_if_running and server.find() is None:
        typer.echo("Superset does not run: there is nothing to warm up")
        return
    server.require_installed()
    report = server.warm(person or ADMIN)
    took = report["took"]
    typer.echo(f"{len(took)} charts in {sum(t[0] for t in took):.1f} s, the slowest:")
    for seconds, dashboard, chart in took[:SLOWEST]:
        typer.echo(f"  {seconds:6.2f} s  {dashboard}: {chart}")
    if report["failed"]:
        dashboard, chart, reason = report["failed"][0]
        raise UserError(
            f"{len(report['failed'])} charts failed, the first is {dashboard}: {chart}: {reason}"
        )


@dashboards_app.command()
def container(
    host: Annotated[
        str, typer.Option(help="The warehouse's host and port, for the container.")
    ] = "postgres:5432",
) -> None:
    """Prepare the warehouse for the container of docker-compose.yml, and write its variables."""
    from ingest.dashboards.logins import ensure_metadata_database, ensure_readers
    from ingest.dashboards.server import SupersetServer
    from ingest.postgres.files import write_file

    settings = load_settings()
    specs, catalogue = checked_specs()
    build_bundle(settings, specs, catalogue)
    require_built(settings, specs, catalogue)
    ensure_metadata_database(settings)
    ensure_readers(settings, specs, catalogue)
    variables = SupersetServer(settings).container_environment(host)
    file = PROJECT_DIR / "target" / "superset.env"
    write_file(file, "".join(f"{name}={value}\n" for name, value in variables.items()))
    typer.echo(
        f"{file.relative_to(PROJECT_DIR)} holds the keys and passwords: "
        "docker compose --profile dashboards up -d"
    )


def stop_superset(settings: Settings, is_deleted: bool = False) -> None:
    """Stop Superset if it runs, and say so."""
    from ingest.dashboards.server import SupersetServer

    server = SupersetServer(settings)
    if server.stop():
        typer.echo("Superset is stopped")
    if is_deleted:
        server.delete()


def checked_specs() -> tuple[list[Dashboard], dict[str, Dataset]]:
    """The specs and the marts as the project's files say; `UserError` names what is wrong."""
    from ingest.build import Dbt
    from ingest.dashboards.lint import problems

    specs = read_specs()
    Dbt().parse()
    catalogue = read_catalogue(PROJECT_DIR / "target" / "manifest.json")
    if found := problems(specs, catalogue):
        more = f" (and {len(found) - 10} more)" if len(found) > 10 else ""
        raise UserError("; ".join(found[:10]) + more)
    return specs, catalogue


def build_bundle(settings: Settings, specs: list[Dashboard], catalogue: dict[str, Dataset]) -> int:
    """Write the bundle for this warehouse; returns the number of assets."""
    from ingest.dashboards.audiences import CONNECTIONS, login
    from ingest.dashboards.bundle import write_bundle
    from ingest.dashboards.logins import login_address

    addresses = {name: login_address(settings, login(name)) for name in CONNECTIONS}
    return write_bundle(specs, catalogue, addresses, BUNDLE)


def _prepare(
    settings: Settings, specs: list[Dashboard], catalogue: dict[str, Dataset], is_forced: bool
) -> None:
    from ingest.dashboards.logins import ensure_metadata_database, ensure_readers
    from ingest.dashboards.server import SupersetServer

    server = SupersetServer(settings)
    server.require_installed()
    build_bundle(settings, specs, catalogue)
    require_built(settings, specs, catalogue)
    ensure_metadata_database(settings)
    ensure_readers(settings, specs, catalogue)
    if not is_forced and server.is_prepared(BUNDLE):
        return
    done = server.prepare(BUNDLE)
    typer.echo(
        f"dashboards: {done.created} assets created, {done.changed} changed, "
        f"{done.unchanged} unchanged, {done.removed} removed"
    )
    if done.admin_password:
        typer.echo(f"password of the user admin, shown only now: {done.admin_password}")


def require_built(
    settings: Settings, specs: list[Dashboard], catalogue: dict[str, Dataset]
) -> None:
    """`UserError` unless the warehouse has the datasets' columns and can compute their metrics."""
    from ingest.dashboards.bundle import with_as_of
    from ingest.postgres import connect

    charts = [chart for spec in specs for chart in with_as_of(spec)]
    metrics = {
        (chart.dataset, metric)
        for chart in charts
        for metric in (*chart.metrics, *chart.line_metrics)
    }
    with connect(settings) as conn:
        found = set(
            conn.execute(
                "select table_schema, table_name, column_name from information_schema.columns"
            ).fetchall()
        )
        for name in sorted({chart.dataset for chart in charts}):
            dataset = catalogue[name]
            for column in dataset.columns:
                if (dataset.schema, name, column) not in found:
                    lacking = f"{dataset.schema}.{name}.{column}"
                    raise UserError(f"the warehouse lacks {lacking}: run `coursehouse build`")
        for name, metric in sorted(metrics):
            _require_answer(conn, catalogue[name], metric)


def _require_answer(conn: psycopg.Connection, dataset: Dataset, metric: str) -> None:
    """Postgres reads the metric as it would for a chart, and no row."""
    expression = dataset.metrics[metric].expression
    mart = sql.Identifier(dataset.schema, dataset.name)
    query = sql.SQL("select {} from {} limit 0").format(sql.SQL(expression), mart)
    try:
        conn.execute(query)
    except psycopg.errors.DatabaseError as error:
        raise UserError(
            f"the warehouse refuses the metric {metric} of {dataset.name}: "
            f"{str(error).splitlines()[0]}"
        ) from None
