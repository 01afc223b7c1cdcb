"""One real Postgres for the whole run, and a fresh database for whoever asks."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from event_lanes import EventLane
from moodle_sites import SMALL, Lane, create_tables, fill_small
from psycopg import sql

from ingest import processes
from ingest.kafka.broker import EmbeddedBroker
from ingest.postgres import EmbeddedPostgres
from ingest.sample import SAMPLE_DUMP, restore

# Modules that share a dear fixture, or a directory, go to one process. Groups and modules that take
# longest come first: whatever starts last is what the other process waits for.
GROUPS = {
    # the warehouse of the demo, a Superset on it, and the project's own target directory
    "demo": ("test_demo", "test_superset_server", "test_superset_access", "test_superset_browser"),
    # the sample site, built
    "warehouse": (
        *("test_broken_samples", "test_project", "test_analyses", "test_docs", "test_gates"),
        *("test_item_statistics", "test_metrics", "test_personal_data", "test_secure_views"),
        *("test_odd_rows", "test_standing_views", "test_truth", "test_units"),
    ),
    # the account at Stripe, built
    "account": (
        *("test_money_marts", "test_cross_marts", "test_finance_ledger"),
        "test_currencies_stay_apart",
    ),
    "test_laws": ("test_laws",),
    "test_event_marts": ("test_event_marts",),
    "test_stripe_orders": ("test_stripe_orders",),
    "elementary": ("test_elementary", "test_report"),
    "airflow": ("test_airflow", "test_dag_runs"),
}
PLACES = {module: (place, group) for place, group in enumerate(GROUPS) for module in GROUPS[group]}


# what somebody may want to say to a run; other settings of the shell are those of a real warehouse
TOLD = {"COURSEHOUSE_DBT_PACKAGES", "COURSEHOUSE_PG_BIN", "COURSEHOUSE_REWRITE_DOCS"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--thorough", action="store_true", help="also what says more of the same: make proof"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "xdist_group: tests that one process runs")
    config.addinivalue_line("markers", "thorough: says more of the same, and runs with --thorough")
    for name in [name for name in os.environ if name.startswith("COURSEHOUSE_")]:
        if name not in TOLD:
            del os.environ[name]


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With several processes a module stays in one: most of its time goes into its fixtures."""
    if not config.getoption("--thorough"):
        left_out = [item for item in items if item.get_closest_marker("thorough")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    for item in items:
        _, group = PLACES.get(item.path.stem, (0, item.path.stem))
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: PLACES.get(item.path.stem, (len(GROUPS), ""))[0])


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What failed is told at once: a run that is cut off has no summary."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        print(f"\n{report.nodeid} failed:\n{report.longreprtext[-4000:]}", flush=True)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes may hold times and random ids; every process must give a test the same name."""
    return argname if isinstance(val, bytes) else None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Groups that do not reach xdist would cost every fixture twice, and nobody would see it."""
    if hasattr(session.config, "workerinput") and any("@" not in i.nodeid for i in session.items):
        raise pytest.UsageError("xdist does not keep modules together: check hook and versions")


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Gives a TCP port nobody listens on."""
    return processes.free_port


@pytest.fixture(scope="session")
def postgres(free_port: Callable[[], int]) -> Iterator[EmbeddedPostgres]:
    """A running embedded server."""
    # not pytest's tmp_path: its parents are closed to the account that runs the server for root
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-tests-", dir=_memory()))
    directory.chmod(0o755)
    server = EmbeddedPostgres(directory / "home", free_port())
    server.up()
    with server._admin() as admin:  # hundreds of databases come and go, none is worth an fsync
        admin.execute("alter system set fsync = off")
        admin.execute("alter system set max_wal_size = '512MB'")  # in memory, of every process
        admin.execute("select pg_reload_conf()")
    yield server
    server.down()
    shutil.rmtree(directory)


def _memory() -> Path | None:
    """Where files stay in memory, if every process finds room for a few hundred databases."""
    shared = Path("/dev/shm")  # noqa: S108
    roomy = shared.is_dir() and os.access(shared, os.W_OK)
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    needed = workers * 8 * 2**30
    return shared if roomy and shutil.disk_usage(shared).free > needed else None


@pytest.fixture
def database(postgres: EmbeddedPostgres) -> Iterator[Callable[[], str]]:
    """Gives the address of a new empty database (without schemas) at every call."""
    names = []

    def create() -> str:
        names.append(f"test_{uuid.uuid4().hex}")
        postgres.create_database(names[-1])
        return postgres.dsn(names[-1])

    yield create
    with postgres._admin() as admin:  # the memory of the machine holds them
        for name in names:
            admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def lane(database: Callable[[], str], tmp_path: Path) -> Lane:
    """A Moodle of a few small tables and an empty warehouse."""
    moodle = database()
    with psycopg.connect(moodle) as conn:
        create_tables(conn, SMALL)
        fill_small(conn)
    return Lane(moodle, database(), tmp_path)


@pytest.fixture(scope="session")
def sample_lane(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Lane:
    """The sample site, loaded once into a warehouse: for tests that only read it."""
    for name in ("sample_moodle", "sample_warehouse"):
        postgres.create_database(name)
    moodle, warehouse = postgres.dsn("sample_moodle"), postgres.dsn("sample_warehouse")
    with psycopg.connect(moodle) as conn:
        restore(SAMPLE_DUMP, conn)
    lane = Lane(moodle, warehouse, tmp_path_factory.mktemp("home"))
    lane.load()
    return lane


@pytest.fixture
def events(broker: EmbeddedBroker, database: Callable[[], str], tmp_path: Path) -> EventLane:
    """An empty broker and an empty warehouse."""
    return EventLane(broker.bootstrap_servers, database(), tmp_path)
