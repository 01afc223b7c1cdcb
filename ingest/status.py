"""What the warehouse holds and when it was last loaded and built."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row, scalar_row
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ingest.errors import UserError
from ingest.kafka.status import POSITIONS, KafkaStatus, add_arrivals, kafka_status, render_kafka
from ingest.ops_status import OpsStatus, ops_status, render_ops
from ingest.postgres import connect, embedded, warehouse_dsn
from ingest.settings import Settings

EXACT_BELOW_ROWS = 1_000_000
LOCK_WAIT = "2s"

_TABLES = """
select n.nspname as schema, c.relname as table
from pg_namespace as n
left join pg_class as c
    on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'm') and not c.relispartition
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by n.nspname, c.relname
"""
_LAST_LOADS = """
select distinct on (source)
    source, load_id, dlt_load_id, started_at, completed_at,
    rows_inserted, rows_updated, rows_deleted
from ops.load_manifest
order by source, completed_at desc nulls last, load_id desc
"""
_LAST_BUILD = """
select invocation_id, command, started_at, completed_at, status, models, tests, failures
from ops.build_run
where command not in ('alert', 'stream', 'unchanged') -- these built no mart of the day
order by started_at desc
limit 1
"""


@dataclass
class SchemaStatus:
    """Rows by table; None where the table was locked or not ours to read."""

    tables: dict[str, int | None] = field(default_factory=dict)
    rows: int = 0
    estimated: list[str] = field(default_factory=list)


@dataclass
class WarehouseStatus:
    """Everything `coursehouse status --json` prints. `warehouse_dsn` contains the password."""

    running: bool
    embedded: bool
    exists: bool = True  # False: nothing was ever started here
    detail: str | None = None
    warehouse_dsn: str | None = None
    server_version: str | None = None
    data_directory: str | None = None
    schemas: dict[str, SchemaStatus] = field(default_factory=dict)
    last_load: dict[str, dict[str, Any]] = field(default_factory=dict)
    last_build: dict[str, Any] | None = None
    kafka: KafkaStatus | None = None
    ops: OpsStatus | None = None

    def as_json(self) -> dict[str, Any]:
        """What `json.dumps` takes; times as ISO 8601 strings."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), default=_iso))
        return plain


def warehouse_status(settings: Settings) -> WarehouseStatus:
    """Ask the warehouse. One that does not run or answer is a status, not an error."""
    status = WarehouseStatus(running=False, embedded=settings.is_embedded)
    status.kafka = kafka_status(settings)
    if settings.is_embedded:
        directory = embedded(settings).data_directory
        status.data_directory = str(directory)
        status.exists = directory.exists()
    try:
        connection = connect(settings)
    except UserError as error:
        status.detail = str(error)
        return status
    status.running = True
    status.warehouse_dsn = warehouse_dsn(settings)
    status.server_version = connection.info.parameter_status("server_version")
    with connection:
        connection.autocommit = True
        connection.execute(sql.SQL("set lock_timeout = {}").format(LOCK_WAIT))
        status.schemas = _schemas(connection)
        status.last_load = {row.pop("source"): row for row in _rows(connection, _LAST_LOADS)}
        status.last_build = next(iter(_rows(connection, _LAST_BUILD)), None)
        status.ops = ops_status(partial(_rows, connection))
        if status.kafka:
            rows = {name: schema.tables for name, schema in status.schemas.items()}
            add_arrivals(status.kafka, _rows(connection, POSITIONS), rows)
    return status


def render(status: WarehouseStatus) -> RenderableType:
    """The same for people; the password is masked."""
    if not status.running:
        return Group(Text(status.detail or "the warehouse is not running"), *_kafka(status))
    kind = "embedded" if status.embedded else "your own server"
    parts: list[RenderableType] = [
        Text(f"Postgres {status.server_version} ({kind}), {_masked(status.warehouse_dsn or '')}")
    ]
    if status.data_directory:
        parts.append(Text(f"data in {status.data_directory}"))
    table = Table("schema", "tables", "rows", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, schema in status.schemas.items():
        about = "~" if schema.estimated else ""
        table.add_row(Text(name), str(len(schema.tables)), f"{about}{schema.rows:,}")
    parts.append(table)
    for source, load in status.last_load.items():
        changes = ", ".join(
            f"{load[f'rows_{kind}'] or 0:,} {kind}" for kind in ("inserted", "updated", "deleted")
        )
        parts.append(Text(f"last load of {source}: {_moment(load['completed_at'])}, {changes}"))
    if build := status.last_build:
        parts.append(
            Text(
                f"last build: {build['status']}, {_moment(build['completed_at'])}, "
                f"{build['models']} models, {build['tests']} tests, {build['failures']} failures"
            )
        )
    if status.ops:
        parts += render_ops(status.ops)
    return Group(*parts, *_kafka(status))


def _kafka(status: WarehouseStatus) -> list[RenderableType]:
    return [render_kafka(status.kafka)] if status.kafka else []


def _schemas(connection: psycopg.Connection) -> dict[str, SchemaStatus]:
    schemas: dict[str, SchemaStatus] = {}
    for schema, table in connection.execute(_TABLES).fetchall():
        found = schemas.setdefault(schema, SchemaStatus())
        if table is None:
            continue
        name = sql.Identifier(schema, table)
        try:
            rows, is_exact = _count(connection, name)
        except psycopg.errors.UndefinedTable:  # a build swapped it away while we counted
            continue
        except (psycopg.errors.LockNotAvailable, psycopg.errors.InsufficientPrivilege):
            found.tables[table] = None
            continue
        found.tables[table] = rows
        found.rows += rows
        if not is_exact:
            found.estimated.append(table)
    return schemas


def _count(connection: psycopg.Connection, table: sql.Identifier) -> tuple[int, bool]:
    """Rows of a table and whether they were counted.

    The planner's estimate decides: it follows the file's size, so it is also about right for a
    table that was never analysed.
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        plan: Any = cursor.execute(
            sql.SQL("explain (format json) select from {}").format(table)
        ).fetchone()
        estimate = int(plan[0]["Plan"]["Plan Rows"])
        if estimate >= EXACT_BELOW_ROWS:
            return estimate, False
        counted: Any = cursor.execute(sql.SQL("select count(*) from {}").format(table)).fetchone()
        return int(counted), True


def _rows(connection: psycopg.Connection, query: LiteralString) -> list[dict[str, Any]]:
    """Rows of a table of `ops`, none if it was not created yet, or is being made anew."""
    with connection.cursor(row_factory=dict_row) as cursor:
        try:
            return cursor.execute(query).fetchall()
        except (
            psycopg.errors.UndefinedTable,
            psycopg.errors.UndefinedColumn,
            psycopg.errors.InsufficientPrivilege,
            psycopg.errors.LockNotAvailable,
        ):
            return []


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value).__name__}")


def _moment(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S %Z}" if value else "not completed"


def _masked(dsn: str) -> str:
    login, at, rest = dsn.rpartition("@")
    user, colon, password = login.removeprefix("postgresql://").partition(":")
    return f"postgresql://{user}{colon}{'***' if password else ''}{at}{rest}"
