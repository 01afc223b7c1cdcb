"""Publishing: one transaction moves what landed into `raw_*`, or nothing at all.

Every published row carries `_load_id` (the load that last changed it), `_loaded_at` and
`_deleted_at`. A row that did not change keeps its `_load_id`, so that downstream increments
see exactly what arrived (law 1). Rows gone from the source are marked, never removed (law 5).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import psycopg
from psycopg import sql
from psycopg.types.json import Json

from ingest.errors import UserError

PUBLISH_LOCK = "coursehouse:publish"
BOOKKEEPING = {
    "_load_id": "bigint",
    "_loaded_at": "timestamptz",
    "_deleted_at": "timestamptz",
}


@dataclass(frozen=True)
class LandedTable:
    """One table of a load.

    `columns`: promised columns and types. `rows`: how many rows landed.
    `insert_only`: rows never change once published. `keys`: landing table with all ids the
    source has now (rows missing there are marked deleted), None to mark nothing.
    """

    name: str
    columns: dict[str, str]
    rows: int
    insert_only: bool = False
    keys: str | None = None


@dataclass
class Counts:
    """Rows one load changed in one table, or in all of them."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    def __iadd__(self, other: "Counts") -> "Counts":
        self.inserted += other.inserted
        self.updated += other.updated
        self.deleted += other.deleted
        return self

    @property
    def total(self) -> int:
        """Rows touched."""
        return self.inserted + self.updated + self.deleted


@dataclass
class Publication:
    """What one publishing transaction did."""

    load_id: int
    total: Counts = field(default_factory=Counts)
    tables: dict[str, Counts] = field(default_factory=dict)


def publish(
    conn: psycopg.Connection,
    source: str,
    landing: str,
    raw: str,
    tables: Sequence[LandedTable],
    started_at: datetime,
    dlt_load_id: str,
) -> Publication:
    """Move `tables` from schema `landing` to schema `raw` and record the load, atomically.

    Raises `UserError` when a value no longer fits the promised type of its column.
    """
    with conn.transaction():
        conn.execute("set local client_min_messages = warning")
        conn.execute("select pg_advisory_xact_lock(hashtext(%s))", [PUBLISH_LOCK])
        row = conn.execute(
            "select coalesce(max(load_id), 0) + 1 from ops.load_manifest"
        ).fetchone()
        publication = Publication(load_id=row[0] if row else 1)
        for table in tables:
            try:
                counts = _Publisher(conn, landing, raw, publication.load_id, table).run()
            except psycopg.errors.DataError as error:
                reason = error.diag.message_primary or str(error)
                raise UserError(
                    f"{raw}.{table.name}: a column changed its type in the source ({reason}); "
                    "nothing was loaded"
                ) from None
            publication.tables[table.name] = counts
            publication.total += counts
        _record(conn, source, publication, started_at, dlt_load_id)
    return publication


def _record(
    conn: psycopg.Connection,
    source: str,
    publication: Publication,
    started_at: datetime,
    dlt_load_id: str,
) -> None:
    total = publication.total
    touched = {name: vars(counts) for name, counts in publication.tables.items() if counts.total}
    conn.execute(
        "insert into ops.load_manifest (load_id, source, dlt_load_id, started_at,"
        " rows_inserted, rows_updated, rows_deleted, tables)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            publication.load_id,
            source,
            dlt_load_id,
            started_at,
            total.inserted,
            total.updated,
            total.deleted,
            Json(touched),
        ],
    )


class _Publisher:
    """The statements for one table; identifiers are composed, values are parameters."""

    def __init__(
        self, conn: psycopg.Connection, landing: str, raw: str, load_id: int, table: LandedTable
    ) -> None:
        self.conn = conn
        self.load_id = load_id
        self.table = table
        self.landing_schema = landing
        self.raw_schema = raw
        self.landed = sql.Identifier(landing, table.name)
        self.raw = sql.Identifier(raw, table.name)

    def run(self) -> Counts:
        landed = self._columns(self.landing_schema, self.table.name)
        published = self._columns(self.raw_schema, self.table.name)
        if not published and landed:
            return self._adopt(landed)
        if not published:
            self._create()
        counts = self._merge(landed, published or self._columns(self.raw_schema, self.table.name))
        counts.deleted = self._mark_deleted()
        return counts

    def _columns(self, schema: str, table: str) -> dict[str, str]:
        """Column name -> type, empty when there is no such table."""
        rows = self.conn.execute(
            "select a.attname, format_type(a.atttypid, a.atttypmod)"
            " from pg_attribute as a join pg_class as c on c.oid = a.attrelid"
            " join pg_namespace as n on n.oid = c.relnamespace"
            " where n.nspname = %s and c.relname = %s and a.attnum > 0 and not a.attisdropped"
            " order by a.attnum",
            [schema, table],
        ).fetchall()
        return {name: type_ for name, type_ in rows}

    def _create(self) -> None:
        columns = [_column(name, type_) for name, type_ in self.table.columns.items()]
        columns += [_column(name, type_) for name, type_ in BOOKKEEPING.items()]
        self.conn.execute(
            sql.SQL("create table {} ({})").format(self.raw, sql.SQL(", ").join(columns))
        )
        self._finish()

    def _adopt(self, landed: dict[str, str]) -> Counts:
        """First load: the landing table itself becomes the raw table; no row is written again."""
        changes = [
            sql.SQL("alter column {0} type {1} using {0}::{1}").format(
                sql.Identifier(name), sql.SQL(type_)
            )
            for name, type_ in self._wanted(landed).items()
            if landed.get(name) not in (None, type_)
        ]
        changes += [
            sql.SQL("add column {}").format(_column(name, type_))
            for name, type_ in self.table.columns.items()
            if name not in landed
        ]
        changes += [
            # a constant default is stored once, in the catalogue, not in five million rows
            sql.SQL("add column _load_id bigint default {}").format(self.load_id),
            sql.SQL("add column _loaded_at timestamptz default {}::timestamptz").format(
                str(self._now())
            ),
            sql.SQL("add column _deleted_at timestamptz"),
        ]
        self._alter(self.landed, changes)
        self._alter(
            self.landed,
            [
                sql.SQL("alter column _load_id drop default"),
                sql.SQL("alter column _loaded_at drop default"),
            ],
        )
        self.conn.execute(
            sql.SQL("alter table {} set schema {}").format(
                self.landed, sql.Identifier(self.raw_schema)
            )
        )
        self._finish()
        return Counts(inserted=self.table.rows)

    def _finish(self) -> None:
        """Key, bookkeeping constraints and the index that finds what arrived."""
        self._alter(
            self.raw,
            [
                sql.SQL("add primary key (id)"),
                sql.SQL("alter column _load_id set not null"),
                sql.SQL("alter column _loaded_at set not null"),
            ],
        )
        # rows of one load lie together: a block range index is enough and costs nothing
        self.conn.execute(
            sql.SQL("create index on {} using brin (_load_id) with (pages_per_range = 16)").format(
                self.raw
            )
        )

    def _merge(self, landed: dict[str, str], published: dict[str, str]) -> Counts:
        """Insert new rows; update rows whose values differ (`insert_only`: never)."""
        wanted = self._wanted(landed)
        missing = {
            name: type_
            for name, type_ in {**self.table.columns, **wanted}.items()
            if name not in published
        }
        self._alter(
            self.raw, [sql.SQL("add column {}").format(_column(n, t)) for n, t in missing.items()]
        )
        if not landed:
            return Counts()
        types = {name: published.get(name, type_) for name, type_ in wanted.items()}
        names = [sql.Identifier(name) for name in types]
        values = [
            sql.SQL("{}::{}").format(sql.Identifier(name), sql.SQL(type_))
            for name, type_ in types.items()
        ]
        statement = sql.SQL(
            "with merged as ("
            "insert into {raw} as r ({names}, _load_id, _loaded_at)"
            " select {values}, %s, now() from {landed}"
            " on conflict (id) do {action} returning (r.xmax = 0) as is_new"
            ") select count(*) filter (where is_new), count(*) filter (where not is_new)"
            " from merged"
        ).format(
            raw=self.raw,
            names=sql.SQL(", ").join(names),
            values=sql.SQL(", ").join(values),
            landed=self.landed,
            action=sql.SQL("nothing") if self.table.insert_only else _update_if_changed(names),
        )
        row = self.conn.execute(statement, [self.load_id]).fetchone()
        return Counts(inserted=row[0], updated=row[1]) if row else Counts()

    def _mark_deleted(self) -> int:
        if self.table.keys is None:
            return 0
        gone = sql.SQL("true")
        if self._columns(self.landing_schema, self.table.keys):  # no table: the source is empty
            gone = sql.SQL("not exists (select from {} as k where k.id = r.id)").format(
                sql.Identifier(self.landing_schema, self.table.keys)
            )
        return self.conn.execute(
            sql.SQL(
                "update {} as r set _deleted_at = now(), _load_id = %s, _loaded_at = now()"
                " where r._deleted_at is null and {}"
            ).format(self.raw, gone),
            [self.load_id],
        ).rowcount

    def _wanted(self, landed: dict[str, str]) -> dict[str, str]:
        """The type each landed column has in the warehouse: the promised one if there is one."""
        return {name: self.table.columns.get(name, type_) for name, type_ in landed.items()}

    def _alter(self, table: sql.Identifier, changes: Sequence[sql.Composable]) -> None:
        if changes:
            self.conn.execute(
                sql.SQL("alter table {} {}").format(table, sql.SQL(", ").join(changes))
            )

    def _now(self) -> datetime:
        row = self.conn.execute("select now()").fetchone()
        assert row is not None  # noqa: S101 - `select now()` has one row
        return row[0]  # type: ignore[no-any-return]


def _column(name: str, type_: str) -> sql.Composed:
    return sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(type_))  # type: ignore[arg-type]


def _update_if_changed(names: Sequence[sql.Identifier]) -> sql.Composed:
    assignments = [sql.SQL("{0} = excluded.{0}").format(name) for name in names]
    assignments += [
        sql.SQL("_load_id = excluded._load_id, _loaded_at = excluded._loaded_at"),
        sql.SQL("_deleted_at = null"),
    ]
    return sql.SQL(
        "update set {set} where ({old}, r._deleted_at) is distinct from ({new}, null)"
    ).format(
        set=sql.SQL(", ").join(assignments),
        old=sql.SQL(", ").join(sql.SQL("r.{}").format(name) for name in names),
        new=sql.SQL(", ").join(sql.SQL("excluded.{}").format(name) for name in names),
    )
