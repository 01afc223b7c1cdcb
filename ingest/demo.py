"""`coursehouse demo`: from nothing to a tested warehouse, with a summary people like to read."""

import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from ingest.build import BuildResult
from ingest.build_marts import build_marts
from ingest.build_state import is_built
from ingest.demo_money import money_rows
from ingest.docs.site import SITE, write_index, write_pages
from ingest.errors import UserError
from ingest.fx.load import load_fx
from ingest.kafka.embedded import has_kafka, start_broker
from ingest.kafka.load import load_events
from ingest.kafka.summary import Tally
from ingest.monitoring.measure import measured
from ingest.moodle.load import load_moodle
from ingest.packages import ensure_packages, source
from ingest.postgres import connect, embedded, start_warehouse, warehouse_dsn
from ingest.report import REPORT_PAGE, write_report
from ingest.sample import SAMPLE_DATABASE, SAMPLE_DUMP, is_restored, restore
from ingest.settings import Settings
from ingest.simulate.money.plan import AccountPlan
from ingest.simulate.money.play import play
from ingest.simulate.money.store import store_account
from ingest.simulate.plan import Plan
from ingest.simulate.sinks import to_kafka
from ingest.simulate.world import simulate
from ingest.status import warehouse_status
from ingest.warehouse.publish import Counts
from ingest.warehouse.session import warehouse

DOCS_PAGE = SITE / "index.html"
# what a real week has: records that come late, twice, in the wrong order, or broken
SAMPLE_EVENTS = Plan(
    late_share=0.02, duplicate_share=0.01, out_of_order_share=0.05, malformed_share=0.005
)


def run_demo(settings: Settings, console: Console) -> None:
    """Start, load, build, document, summarise. `UserError` when a step or a test fails.

    Loads the user's own Moodle if `COURSEHOUSE_MOODLE_DSN` names one, else the sample with a
    simulated week of events and a simulated Stripe account. A second run finds nothing new and
    builds nothing.
    """
    started = time.monotonic()
    with _step(console, "dbt packages"):
        ensure_packages()
    with _step(console, "Postgres"):
        start_warehouse(settings)
    with _step(console, "Kafka broker"):
        start_broker(settings, console.print)
    is_sample = settings.moodle_dsn is None
    if is_sample:
        with _step(console, "sample Moodle site"):
            dsn = _sample_site(settings)
        settings = settings.model_copy(update={"moodle_dsn": SecretStr(dsn)})

    def say(line: str) -> None:
        console.print(f"  {line}", style="dim")

    with (
        _step(console, "load Moodle"),
        measured(settings, "moodle", say, is_batch=True) as figures,
    ):
        loaded = load_moodle(settings, say)
        figures.changed(loaded)
    if has_kafka(settings):
        with _step(console, "load events"):
            if is_sample and not _has_events(settings):
                to_kafka(settings)(simulate(SAMPLE_EVENTS))
            with measured(settings, "events", say) as figures:
                events = load_events(settings, say, figures=figures)
    else:
        events = Tally()
    if is_sample and not _has_account(settings):
        with _step(console, "sample Stripe account"):
            _play_account(settings)
    if is_built(settings) and DOCS_PAGE.exists():
        console.print("nothing new since the last build, nothing built")
        built = None
    else:
        built = _build(settings, console)
    _summarise(settings, console, (loaded, events), built, time.monotonic() - started)


def _sample_site(settings: Settings) -> str:
    """Address of the sample site's database; it is created where it is missing."""
    with connect(settings) as conn:
        conn.autocommit = True
        known = conn.execute("select 1 from pg_database where datname = %s", [SAMPLE_DATABASE])
        if known.fetchone() is None:
            _create_database(settings, conn)
    dsn = make_conninfo(warehouse_dsn(settings), dbname=SAMPLE_DATABASE)
    with psycopg.connect(dsn) as sample:
        if not is_restored(sample):
            restore(SAMPLE_DUMP, sample)
    return urlsplit(warehouse_dsn(settings))._replace(path=f"/{SAMPLE_DATABASE}").geturl()


def _create_database(settings: Settings, conn: psycopg.Connection) -> None:
    if settings.is_embedded:
        embedded(settings).create_database(SAMPLE_DATABASE)
        return
    try:
        conn.execute(sql.SQL("create database {}").format(sql.Identifier(SAMPLE_DATABASE)))
    except psycopg.errors.InsufficientPrivilege:
        raise UserError(
            "your role may not create a database for the sample site: "
            "set COURSEHOUSE_MOODLE_DSN to a Moodle of your own"
        ) from None


def _has_events(settings: Settings) -> bool:
    with connect(settings) as conn:
        row = conn.execute(
            "select exists(select from ops.load_manifest where source = 'events')"
        ).fetchone()
    return row == (True,)


def _has_account(settings: Settings) -> bool:
    with connect(settings) as conn:
        row = conn.execute("select exists(select from raw_stripe.events)").fetchone()
    return row == (True,)


def _play_account(settings: Settings) -> None:
    """Customers of the sample site, what they paid, and the rates of those days."""
    with warehouse(settings) as conn:
        store_account(conn, play(AccountPlan()))
    load_fx(settings, is_sample=True)


def _build(settings: Settings, console: Console) -> BuildResult:
    dbt, built = build_marts(settings, console)
    with _step(console, "docs site and report"), ThreadPoolExecutor() as pool:
        report = pool.submit(write_report, settings)
        artifacts = dbt.docs()
        write_pages(artifacts)
        report.result()
        write_index(artifacts)
    return built


@contextmanager
def _step(console: Console, name: str) -> Iterator[None]:
    started = time.monotonic()
    with console.status(name):
        yield
    console.print(f"[bold]{name}[/] {time.monotonic() - started:.1f} s")


def _summarise(
    settings: Settings,
    console: Console,
    loaded: tuple[Counts, Tally],
    built: BuildResult | None,
    seconds: float,
) -> None:
    rows_loaded, events = loaded
    status = warehouse_status(settings)
    with connect(settings) as conn, conn.cursor(row_factory=dict_row) as cursor:
        figures = cursor.execute("select * from marts_learning.site_summary").fetchone() or {}
        lane = cursor.execute("select * from marts_engagement.event_lane_summary").fetchone() or {}
        money = money_rows(conn)
    tables = sum(len(schema.tables) for schema in status.schemas.values())
    rows = sum(schema.rows for schema in status.schemas.values())
    build = status.last_build or {}
    table = Table(title="Your warehouse", show_header=False, box=None, padding=(0, 2))
    table.add_column(style="bold")
    table.add_row("data", f"{rows:,} rows in {tables} tables, as of {figures['as_of']:%d %b %Y}")
    table.add_row(
        "loaded now",
        f"{rows_loaded.inserted:,} new, {rows_loaded.updated:,} changed,"
        f" {rows_loaded.deleted:,} deleted rows; {events.total:,} events",
    )
    table.add_row(
        "learners",
        f"{figures['learners_count']:,} in {figures['courses_count']:,} courses,"
        f" {figures['active_enrollments_count']:,} active enrolments",
    )
    table.add_row(
        "sessions",
        f"{figures['sessions_count']:,} from {figures['events_count']:,} events,"
        f" median {_minutes(figures['median_session_seconds'])}",
    )
    if lane["records_count"]:
        table.add_row(
            "events",
            f"{lane['records_count']:,} in {lane['topics_count']} topics,"
            f" {lane['rejected_count']:,} more broken and kept aside",
        )
        table.add_row(
            "engagement",
            f"median score {lane['median_engagement_score']} over"
            f" {lane['engaged_days_count']:,} learner days;"
            f" {lane['shopping_sessions_count']:,} visits to the shop",
        )
    for name, value in money:
        table.add_row(name, value)
    table.add_row(
        "tests",
        f"{build.get('tests', 0):,} passed"
        + (f", {built.warnings} warnings" if built and built.warnings else ""),
    )
    table.add_row("dbt packages", source() or "")
    table.add_row("docs", _relative(DOCS_PAGE))
    table.add_row("report", _relative(REPORT_PAGE))
    table.add_row("look", f"{_program('coursehouse')} status, {_program('coursehouse')} build")
    table.add_row("stop", f"{_program('coursehouse')} down")
    console.print()
    console.print(table)
    console.print(f"\n{seconds:.0f} s in all")


def _minutes(seconds: int | None) -> str:
    return f"{(seconds or 0) // 60} min {(seconds or 0) % 60:02} s"


def _program(name: str) -> str:
    """How to call a program of this environment from where the user stands."""
    return name if shutil.which(name) else _relative(Path(sys.executable).parent / name)


def _relative(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
