"""`coursehouse load moodle`: read what changed, land it, publish it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import psycopg
import sqlalchemy as sa
from dlt.common.exceptions import DltException
from dlt.extract import DltResource
from psycopg import sql

from ingest.erasure.moodle import withhold
from ingest.errors import UserError
from ingest.moodle.backends import register_backends
from ingest.moodle.changes import SWEEP_LOCK
from ingest.moodle.reasons import cause_of, table_of
from ingest.moodle.site import Site, address, first_line, open_site, snapshot
from ingest.moodle.source import (
    KEYS_SUFFIX,
    RAW_PREFIX,
    Window,
    backend_options,
    keys_resource,
    readable_columns,
    slice_end,
    table_resource,
)
from ingest.moodle.spec import ID_LAG, TableSpec, read_spec, select_tables
from ingest.postgres import connect, warehouse_dsn
from ingest.settings import Settings
from ingest.warehouse.bootstrap import bootstrap
from ingest.warehouse.landing import landing_schema, landing_zone
from ingest.warehouse.merge import columns_of
from ingest.warehouse.publish import Counts, LandedTable, Publication, publish

SOURCE = "moodle"
RAW_SCHEMA = "raw_moodle"
# A slice is what a load that was cut off has to read again, and what it needs as free disk.
SLICE_ROWS = 5_000_000
# as long as the oldest load may be before it is an error
WAIT_SECONDS = 3600

Say = Callable[[str], None]


def load_moodle(
    settings: Settings, say: Say, names: list[str] | None = None, full: bool = False
) -> Counts:
    """Load the tables `names` (all for None); `full` reads every row again.

    Returns the rows that changed. Raises `UserError` with one clear sentence; whatever was
    published before stays as it was.
    """
    if settings.moodle_dsn is None:
        raise UserError("set COURSEHOUSE_MOODLE_DSN to your Moodle database, see .env.example")
    spec = select_tables(read_spec(), names)
    register_backends()
    with connect(settings) as conn:
        conn.autocommit = True
        try:
            bootstrap(conn)
            _only_one(conn, say)
            dsn = settings.moodle_dsn.get_secret_value()
            with open_site(dsn, settings.moodle_prefix, spec) as site:
                return _Loader(settings, conn, site, spec, say, full).run()
        except OSError as error:
            raise UserError(f"cannot work in {settings.home_dir}: {error}") from error
        except psycopg.Error as error:
            raise UserError(
                f"the warehouse failed: {first_line(error)}; what was published before is untouched"
            ) from error


class _Loader:
    """One load, slice by slice: each slice lands and is published before the next is read."""

    def __init__(
        self,
        settings: Settings,
        conn: psycopg.Connection,
        site: Site,
        spec: dict[str, TableSpec],
        say: Say,
        full: bool,
    ) -> None:
        self.settings = settings
        self.conn = conn
        self.site = site
        self.spec = spec
        self.say = say
        self.full = full
        self.published = columns_of(conn, RAW_SCHEMA)
        self.rows: Counter[str] = Counter()

    def run(self) -> Counts:
        self._say_what_is_missing()
        total = Counts()
        pending = self._sliced({name: self._start(name) for name in self.site.tables})
        is_first = True
        while pending or is_first:
            started_at = datetime.now(UTC)
            published = self._load_slice(pending, started_at, with_keys=is_first)
            total += published.total
            # tables whose last window was cut at a slice's end go on behind it
            pending = self._sliced(
                {
                    name: Window(after_id=window.up_to_id)
                    for name, window in pending.items()
                    if window.up_to_id is not None
                }
            )
            is_first = False
        return total

    def _say_what_is_missing(self) -> None:
        """An older Moodle lacks tables; MariaDB hides those its user may not read."""
        kept = [
            name
            for name in self.site.missing
            if RAW_PREFIX + name in self.published and self._max(name, "id") is not None
        ]
        never = [name for name in self.site.missing if name not in kept]
        if never:
            self.say(f"not in this Moodle, skipped: {', '.join(never)}")
        if kept:
            self.say(f"gone from Moodle or no longer readable, rows are kept: {', '.join(kept)}")

    def _load_slice(
        self, windows: dict[str, Window], started_at: datetime, with_keys: bool
    ) -> Publication:
        self.rows.clear()
        dsn = _with_password(warehouse_dsn(self.settings), self.conn)
        with landing_zone(self.conn, SOURCE, dsn, _work_dir(self.settings)) as zone:
            with _blamed("cannot read {table} from Moodle"), snapshot(self.site) as connection:
                options = backend_options(zone.files, connection, self._count)
                zone.extract(self._resources(windows, options, with_keys))
            with _blamed("the warehouse did not take {table}"):
                dlt_load_id = zone.load()
            landed = landing_schema(SOURCE)
            withhold(self.conn, landed, columns_of(self.conn, landed))
            return publish(
                self.conn,
                SOURCE,
                landed,
                RAW_SCHEMA,
                list(self._landed(windows, with_keys)),
                started_at,
                dlt_load_id,
            )

    def _start(self, name: str) -> Window:
        """Where the published rows say reading must begin: the position commits with the rows.

        Everything is read where the lag reaches back to the first id, and where the source has
        a column we do not have yet: old rows may have a value in it.
        """
        spec = self.spec[name]
        columns = set(readable_columns(self.site.tables[name], spec))
        known = self.published.get(RAW_PREFIX + name, {}).keys()
        lag = ID_LAG if spec.cursor else spec.lag
        highest = self._max(name, "id") if known >= columns else None
        if self.full or spec.load == "full" or highest is None or highest <= lag:
            return Window()
        if spec.cursor is None:
            return Window(after_id=highest - lag)
        if spec.cursor not in columns:
            return Window()
        # a row dated in the future must not hide the changes until then
        newest = self._max(name, spec.cursor, up_to=int(datetime.now(UTC).timestamp()))
        return Window(after_id=highest - lag, since=(newest or 0) - spec.lag)

    def _max(self, name: str, column: str, up_to: int | None = None) -> int | None:
        row = self.conn.execute(
            sql.SQL("select max({0}) from {1} where {0} <= coalesce(%s, {0})").format(
                sql.Identifier(column), sql.Identifier(RAW_SCHEMA, RAW_PREFIX + name)
            ),
            [up_to],
        ).fetchone()
        return row[0] if row else None

    def _sliced(self, windows: dict[str, Window]) -> dict[str, Window]:
        """Cut the windows of append tables where a slice ends."""
        ends: dict[str, int | None] = {}
        with _blamed("cannot read Moodle"), self.site.engine.connect() as connection:
            for name, window in windows.items():
                if self.spec[name].load == "append":
                    table = self.site.tables[name]
                    ends[name] = slice_end(connection, table, window.after_id, SLICE_ROWS)
        return {
            name: Window(after_id=window.after_id, up_to_id=ends[name]) if name in ends else window
            for name, window in windows.items()
        }

    def _resources(
        self, windows: dict[str, Window], options: dict[str, object], with_keys: bool
    ) -> list[DltResource]:
        resources = [
            table_resource(self.site, name, self.spec[name], window, options)
            for name, window in windows.items()
        ]
        if with_keys:
            resources += [
                keys_resource(self.site, name, self.spec[name], options)
                for name in windows
                if self._keys(name, windows[name]) == RAW_PREFIX + name + KEYS_SUFFIX
            ]
        return resources

    def _landed(self, windows: dict[str, Window], with_keys: bool) -> Iterator[LandedTable]:
        for name, spec in self.spec.items():
            window = windows.get(name)
            if window is None and not with_keys:
                continue
            yield LandedTable(
                name=RAW_PREFIX + name,
                columns=spec.columns,
                rows=self.rows[RAW_PREFIX + name],
                keys=self._keys(name, window) if window is not None and with_keys else None,
            )

    def _keys(self, name: str, window: Window) -> str | None:
        """The landing table that holds all keys: the rows themselves when all were read."""
        if not self.spec[name].sweep:
            return None
        reads_all = window == Window()
        return RAW_PREFIX + name + ("" if reads_all else KEYS_SUFFIX)

    def _count(self, table: str, rows: int) -> None:
        self.rows[table] += rows
        if self.rows[table] > rows:
            self.say(f"{table}: {self.rows[table]:,} rows read")


def _only_one(conn: psycopg.Connection, say: Say) -> None:
    """Two loads of one source would read the same position and publish the same rows.

    The lock goes when the connection does, however the load ends. Schedules overlap: the second one
    waits, and finds what is left.
    """
    lock = f"coursehouse:load:{SOURCE}"
    row = conn.execute("select pg_try_advisory_lock(hashtext(%s))", [lock]).fetchone()
    if row != (True,):
        say("another load of Moodle is running on this warehouse: waiting for it")
        conn.execute("select set_config('lock_timeout', %s, false)", [f"{WAIT_SECONDS}s"])
        try:
            conn.execute("select pg_advisory_lock(hashtext(%s))", [lock])
        except psycopg.errors.LockNotAvailable:
            raise UserError(
                "another load of Moodle is still running on this warehouse, after"
                f" {WAIT_SECONDS} seconds of waiting for it"
            ) from None
        conn.execute("reset lock_timeout")
    # changes that arrive meanwhile wait: they must not be overwritten by what was read before
    conn.execute("select pg_advisory_lock(hashtext(%s))", [SWEEP_LOCK])


def _with_password(dsn: str, conn: psycopg.Connection) -> str:
    """dlt insists on a password, even where the server trusts us or libpq found it elsewhere."""
    url = sa.make_url(dsn)
    if url.password is None:
        url = url.set(password=conn.info.password or "unused")
    return address(url)


def _work_dir(settings: Settings) -> Path:
    """Where files lie on their way: one directory per warehouse, since each has its own lock."""
    warehouse = f"{settings.pg_host}:{settings.pg_port}/{settings.pg_dbname}"
    digest = sha256(warehouse.encode()).hexdigest()[:8]
    return settings.home_dir / "work" / f"{SOURCE}-{digest}"


@contextmanager
def _blamed(what: str) -> Iterator[None]:
    """Say who failed at what, and why; `{table}` in `what` is the table it failed at."""
    try:
        yield
    except (DltException, sa.exc.SQLAlchemyError, psycopg.Error, OSError) as error:
        who = what.format(table=table_of(error) or "the tables")
        raise UserError(f"{who}: {cause_of(error)}; nothing of it became visible") from error
