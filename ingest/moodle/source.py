"""What to read from a Moodle site, as dlt resources."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from dlt.common.schema.typing import TColumnSchema
from dlt.extract import DltResource
from dlt.sources.sql_database import sql_table

from ingest.moodle.backends import Progress
from ingest.moodle.site import Site
from ingest.moodle.spec import SECRET_COLUMNS, TableSpec

KEYS_SUFFIX = "__keys"
# The warehouse calls every Moodle's tables alike, whatever their prefix in Moodle.
RAW_PREFIX = "mdl_"


@dataclass(frozen=True)
class Window:
    """Which rows of a table one load reads. None: no bound on that side.

    `after_id` is exclusive, `up_to_id` inclusive, `since` (epoch seconds) inclusive. A row is
    read when its id is in the window or its cursor is not older than `since`.
    """

    after_id: int | None = None
    up_to_id: int | None = None
    since: int | None = None


def readable_columns(table: sa.Table, spec: TableSpec) -> list[str]:
    """Names of the columns we may read: no secrets, nothing excluded, no binary data."""
    return [
        column.name
        for column in table.columns
        if column.name not in spec.exclude | SECRET_COLUMNS
        and not isinstance(column.type, sa.types._Binary)
    ]


def table_resource(
    site: Site,
    name: str,
    spec: TableSpec,
    window: Window,
    options: dict[str, Any],
) -> DltResource:
    """The rows of one table inside `window`, as CSV files for landing table `mdl_<name>`."""
    source = site.tables[name]
    columns = readable_columns(source, spec)

    def query(_: sa.Select[Any], table: sa.Table) -> sa.Select[Any]:
        selected = sa.select(*(_as_text(site, column) for column in table.columns))
        return selected.where(*_conditions(table, spec, window))

    return _resource(site, source, columns, query, options, RAW_PREFIX + name)


def keys_resource(site: Site, name: str, spec: TableSpec, options: dict[str, Any]) -> DltResource:
    """Every id the table has now, for landing table `mdl_<name>__keys`."""

    def query(_: sa.Select[Any], table: sa.Table) -> sa.Select[Any]:
        return sa.select(table.c.id).where(*_conditions(table, spec, Window()))

    return _resource(
        site, site.tables[name], ["id"], query, options, RAW_PREFIX + name + KEYS_SUFFIX
    )


def backend_options(
    directory: Path, connection: psycopg.Connection | None, progress: Progress
) -> dict[str, Any]:
    """What both backends need to know, as dlt passes it on."""
    return {"directory": directory, "connection": connection, "progress": progress}


def slice_end(
    connection: sa.Connection, table: sa.Table, after_id: int | None, rows: int
) -> int | None:
    """The id of the last of `rows` rows after `after_id`; None when no more than those are left."""
    query = sa.select(table.c.id).order_by(table.c.id).offset(rows - 1).limit(2)
    if after_id is not None:
        query = query.where(table.c.id > after_id)
    ends: Sequence[Any] = connection.execute(query).scalars().all()
    return int(ends[0]) if len(ends) == 2 else None


def _resource(
    site: Site, table: sa.Table, columns: list[str], query: Any, options: dict[str, Any], name: str
) -> DltResource:
    resource = sql_table(
        credentials=site.engine,
        table=table.name,
        # a copy: dlt drops the unwanted columns from the table object it is given
        metadata=_only(table),
        included_columns=columns,
        backend=cast(Any, "coursehouse_copy" if site.is_postgres else "coursehouse_stream"),
        backend_kwargs={**options, "directory": options["directory"] / name},
        reflection_level="minimal",
        query_adapter_callback=query,
        write_disposition="append",
    ).with_name(name)
    resource.apply_hints(
        table_name=name, columns=[_landing_column(table.c[column]) for column in columns]
    )
    return resource


def _only(table: sa.Table) -> sa.MetaData:
    metadata = sa.MetaData()
    table.to_metadata(metadata)
    return metadata


def _landing_column(column: sa.Column[Any]) -> TColumnSchema:
    """Landing columns take any value: rules belong to the published table."""
    hint: TColumnSchema = {
        "name": column.name,
        "nullable": True,
        "primary_key": False,
        "data_type": "text",
    }
    match column.type:
        case sa.Integer():
            hint["data_type"] = "bigint"
        case sa.Float():
            hint["data_type"] = "double"
        case sa.Numeric(precision=int(precision), scale=int(scale)):
            hint |= {"data_type": "decimal", "precision": precision, "scale": scale}
    return hint


def _conditions(
    table: sa.Table, spec: TableSpec, window: Window
) -> Iterator[sa.ColumnElement[bool]]:
    by_id = []
    if window.after_id is not None:
        by_id.append(table.c.id > window.after_id)
    if window.up_to_id is not None:
        by_id.append(table.c.id <= window.up_to_id)
    if spec.cursor is not None and window.since is not None:
        yield sa.or_(sa.and_(*by_id), table.c[spec.cursor] >= window.since)
    else:
        yield from by_id
    if spec.only is not None:
        yield table.c[spec.only.column].in_(spec.only.values)


def _as_text(site: Site, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """connectorx rounds decimals to ten places: MariaDB sends them as text instead."""
    if not site.is_postgres and isinstance(column.type, sa.Numeric):
        return sa.cast(column, sa.CHAR).label(column.name)
    return column
