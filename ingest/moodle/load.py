"""`coursehouse load moodle`: read what changed, land it, publish it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import sqlalchemy as sa
from dlt.extract import DltResource
from psycopg import sql

from ingest.errors import UserError
from ingest.moodle.backends import register_backends
from ingest.moodle.site import Site, first_line, open_site, snapshot
from ingest.moodle.source import (
    KEYS_SUFFIX,
    RAW_PREFIX,
    Window,
    backend_options,
    keys_resource,
    slice_end,
    table_resource,
)
from ingest.moodle.spec import TableSpec, read_spec, select_tables
from ingest.postgres import connect, warehouse_dsn
from ingest.settings import Settings
from ingest.warehouse.bootstrap import bootstrap
from ingest.warehouse.landing import landing_schema, landing_zone
from ingest.warehouse.publish import Counts, LandedTable, Publication, publish

SOURCE = "moodle"
RAW_SCHEMA = "raw_moodle"
# A slice is what a load that was cut off has to read again, and what it needs as free disk.
SLICE_ROWS = 5_000_000

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
        bootstrap(conn)
        with _only_one(conn), open_site(
            settings.moodle_dsn.get_secret_value(), settings.moodle_prefix, spec
        ) as site:
            if site.missing:
                say(f"not in this Moodle, skipped: {', '.join(site.missing)}")
            return _Loader(settings, conn, site, spec, say, full).run()


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
        self.rows: Counter[str] = Counter()

    def run(self) -> Counts:
        total = Counts()
        pending = self._first_windows()
        is_first = True
        while pending or is_first:
            started_at = datetime.now(UTC)
            published = self._load_slice(pending, started_at, with_keys=is_first)
            total += published.total
            pending = self._next_windows(pending)
            is_first = False
        return total

    def _load_slice(
        self, windows: dict[str, Window], started_at: datetime, with_keys: bool
    ) -> Publication:
        self.rows.clear()
        work_dir = self.settings.home_dir / "work" / SOURCE
        try:
            with landing_zone(self.conn, SOURCE, warehouse_dsn(self.settings), work_dir) as zone:
                with snapshot(self.site) as connection:
                    options = backend_options(zone.files, connection, self._count)
                    zone.extract(self._resources(windows, options, with_keys))
                return publish(
                    self.conn,
                    SOURCE,
                    landing_schema(SOURCE),
                    RAW_SCHEMA,
                    list(self._landed(windows, with_keys)),
                    started_at,
                    dlt_load_id=zone.load(),
                )
        except UserError:
            raise
        except Exception as error:
            raise UserError(_explain(error)) from error

    def _first_windows(self) -> dict[str, Window]:
        return {name: self._sliced(name, self._start(name)) for name in self.site.tables}

    def _next_windows(self, done: dict[str, Window]) -> dict[str, Window]:
        """Tables whose last window was cut at a slice's end go on behind it."""
        return {
            name: self._sliced(name, Window(after_id=window.up_to_id))
            for name, window in done.items()
            if window.up_to_id is not None
        }

    def _start(self, name: str) -> Window:
        """Where the published rows say reading must begin: the position commits with the rows."""
        spec = self.spec[name]
        if self.full or spec.load == "full":
            return Window()
        table = sql.Identifier(RAW_SCHEMA, RAW_PREFIX + name)
        exists = self.conn.execute("select to_regclass(%s)", [table.as_string(self.conn)])
        if exists.fetchone() == (None,):
            return Window()
        highest = self._max(table, "id")
        if highest is None:
            return Window()
        if spec.cursor is None:
            return Window(after_id=highest - spec.lag)
        newest = self._max(table, spec.cursor)
        return Window(after_id=highest, since=(newest or 0) - spec.lag)

    def _sliced(self, name: str, window: Window) -> Window:
        if self.spec[name].load != "append":
            return window
        with self.site.engine.connect() as connection:
            end = slice_end(connection, self.site.tables[name], window.after_id, SLICE_ROWS)
        return Window(after_id=window.after_id, up_to_id=end)

    def _max(self, table: sql.Identifier, column: str) -> int | None:
        row = self.conn.execute(
            sql.SQL("select max({}) from {}").format(sql.Identifier(column), table)
        ).fetchone()
        return row[0] if row else None

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
                insert_only=spec.load == "append" and not self.full,
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


@contextmanager
def _only_one(conn: psycopg.Connection) -> Iterator[None]:
    """Two loads of one source would read the same position and publish the same rows."""
    lock = f"coursehouse:load:{SOURCE}"
    row = conn.execute("select pg_try_advisory_lock(hashtext(%s))", [lock]).fetchone()
    if row != (True,):
        raise UserError("another load of Moodle is running on this warehouse; wait for it")
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute("select pg_advisory_unlock(hashtext(%s))", [lock])


def _explain(error: Exception) -> str:
    """One sentence for whatever went wrong below dlt: the first cause, in its own words."""
    cause: BaseException = error
    while cause.__cause__ is not None or cause.__context__ is not None:
        cause = cause.__cause__ or cause.__context__ or cause
    if isinstance(cause, (psycopg.errors.InsufficientPrivilege, sa.exc.ProgrammingError)):
        return f"Moodle's database user may not read everything: {first_line(cause)}"
    return f"load of Moodle failed: {first_line(cause)}; nothing of it became visible"
