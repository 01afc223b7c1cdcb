"""How one landed table becomes, or changes, its published table."""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

BOOKKEEPING = {
    "_load_id": "bigint not null",
    "_loaded_at": "timestamptz not null",
    "_deleted_at": "timestamptz",
}

# Fewer new rows than these do not mislead the planner of the build that follows.
ANALYZE_FROM = 100

Columns = dict[str, str]  # name -> type, in the table's order


@dataclass(frozen=True)
class LandedTable:
    """One table of a load.

    `columns`: promised columns and types. `rows`: how many rows landed. `keys`: landing table
    with all ids the source has now (rows missing there are marked deleted), None to mark nothing.
    """

    name: str
    columns: Columns
    rows: int
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


def columns_of(conn: psycopg.Connection, schema: str) -> dict[str, Columns]:
    """Every table of `schema` with its columns."""
    rows = conn.execute(
        "select c.relname, a.attname, format_type(a.atttypid, a.atttypmod)"
        " from pg_class as c join pg_attribute as a on a.attrelid = c.oid"
        " where c.relnamespace = to_regnamespace(quote_ident(%s)) and c.relkind = 'r'"
        " and a.attnum > 0 and not a.attisdropped order by c.relname, a.attnum",
        [schema],
    )
    tables: dict[str, Columns] = {}
    for table, column, type_ in rows:
        tables.setdefault(table, {})[column] = type_
    return tables


class TableMerge:
    """The statements for one table; identifiers are composed, values are parameters.

    `landed` and `published` are the columns of the two tables, empty for a table that is not
    there: nothing landed from an empty source table.
    """

    def __init__(
        self,
        conn: psycopg.Connection,
        schemas: tuple[str, str],
        load_id: int,
        table: LandedTable,
        landed: Columns,
        published: Columns,
    ) -> None:
        self.conn = conn
        self.load_id = load_id
        self.table = table
        self.landing_schema, self.raw_schema = schemas
        self.landed_table = sql.Identifier(self.landing_schema, table.name)
        self.raw_table = sql.Identifier(self.raw_schema, table.name)
        self.published = published
        # the type each landed column has in the warehouse: the promised one if there is one
        self.wanted = {name: table.columns.get(name, type_) for name, type_ in landed.items()}
        self.landed = landed

    def run(self, keys_landed: bool) -> Counts:
        """Publish; `keys_landed`: whether the table `keys` exists, else the source is empty."""
        if not self.published and not self.landed:
            self._create()
            return Counts()
        if not self.published:
            counts = self._adopt()
        else:
            counts = self._merge()
            if self.table.keys is not None:
                counts += self._sweep(self.table.keys, keys_landed)
        if counts.total >= ANALYZE_FROM:
            # autovacuum comes too late: by its old statistics nothing has arrived at all
            self.conn.execute(sql.SQL("analyze {}").format(self.raw_table))
        return counts

    def _create(self) -> None:
        columns = [_column(*item) for item in (self.table.columns | BOOKKEEPING).items()]
        self.conn.execute(
            sql.SQL("create table {} ({})").format(self.raw_table, sql.SQL(", ").join(columns))
        )
        self._finish()

    def _adopt(self) -> Counts:
        """First load: the landing table itself becomes the raw table; no row is written again."""
        changes: list[sql.Composable] = [
            sql.SQL("alter column {0} type {1} using {0}::{1}").format(
                sql.Identifier(name), sql.SQL(type_)
            )
            for name, type_ in self.wanted.items()
            if self.landed[name] != type_
        ]
        changes += [_added(*item) for item in self._lacking(self.landed)]
        changes += [
            # a constant default is stored once, in the catalogue, not in five million rows
            sql.SQL("add column _load_id bigint not null default {}").format(self.load_id),
            sql.SQL("add column _loaded_at timestamptz not null default now()"),
            sql.SQL("add column _deleted_at timestamptz"),
        ]
        self._alter(self.landed_table, changes)
        self._alter(
            self.landed_table,
            [
                sql.SQL("alter column _load_id drop default"),
                sql.SQL("alter column _loaded_at drop default"),
            ],
        )
        self.conn.execute(
            sql.SQL("alter table {} set schema {}").format(
                self.landed_table, sql.Identifier(self.raw_schema)
            )
        )
        self._finish()
        return Counts(inserted=self.table.rows)

    def _finish(self) -> None:
        """The key, and the index that finds what arrived."""
        self._alter(self.raw_table, [sql.SQL("add primary key (id)")])
        # rows of one load lie together: a block range index is enough and costs nothing
        self.conn.execute(
            sql.SQL("create index on {} using brin (_load_id) with (pages_per_range = 16)").format(
                self.raw_table
            )
        )

    def _merge(self) -> Counts:
        """Insert new rows and replace changed ones; a row that is the same is not even locked."""
        self._alter(self.raw_table, [_added(*item) for item in self._lacking(self.published)])
        if not self.landed:
            return Counts()
        types = {name: self.published.get(name, type_) for name, type_ in self.wanted.items()}
        names = [sql.Identifier(name) for name in types]
        statement = sql.SQL(
            "with merged as ("
            "insert into {raw} as r ({names}, _load_id, _loaded_at)"
            " select {names}, %s, now() from (select {values} from {landed}) as l"
            " where not exists (select from {raw} as o where o.id = l.id"
            " and ({old}, o._deleted_at) is not distinct from ({new}, null))"
            " on conflict (id) do update set {assignments}, _deleted_at = null,"
            " _load_id = excluded._load_id, _loaded_at = excluded._loaded_at"
            " returning r.xmax = 0 as is_new"
            ") select count(*) filter (where is_new), count(*) filter (where not is_new)"
            " from merged"
        ).format(
            raw=self.raw_table,
            landed=self.landed_table,
            names=_joined("{}", names),
            values=sql.SQL(", ").join(
                sql.SQL("{0}::{1} as {0}").format(sql.Identifier(name), sql.SQL(type_))
                for name, type_ in types.items()
            ),
            old=_joined("o.{}", names),
            new=_joined("l.{}", names),
            assignments=_joined("{0} = excluded.{0}", names),
        )
        row = self.conn.execute(statement, [self.load_id]).fetchone()
        return Counts(inserted=row[0], updated=row[1]) if row else Counts()

    def _sweep(self, keys: str, keys_landed: bool) -> Counts:
        """Mark rows that are gone from the source, and unmark those that are back."""
        mark = sql.SQL(
            "update {} as r set _deleted_at = {}, _load_id = %s, _loaded_at = now()"
            " where r._deleted_at is {} and {} (select from {} as k where k.id = r.id)"
        )
        present: sql.Composable = sql.Identifier(self.landing_schema, keys)
        if not keys_landed:
            present = sql.SQL("(select null::bigint as id where false)")
        gone = mark.format(
            self.raw_table, sql.SQL("now()"), sql.SQL("null"), sql.SQL("not exists"), present
        )
        back = mark.format(
            self.raw_table, sql.SQL("null"), sql.SQL("not null"), sql.SQL("exists"), present
        )
        return Counts(
            deleted=self.conn.execute(gone, [self.load_id]).rowcount,
            updated=self.conn.execute(back, [self.load_id]).rowcount,
        )

    def mark_deleted(self, ids: Sequence[int]) -> int:
        """Mark rows that are gone from the source by their ids; how many that were not yet."""
        statement = sql.SQL(
            "update {} set _deleted_at = now(), _load_id = %s, _loaded_at = now()"
            " where _deleted_at is null and id = any(%s)"
        ).format(self.raw_table)
        return self.conn.execute(statement, [self.load_id, list(ids)]).rowcount if ids else 0

    def _lacking(self, columns: Columns) -> Sequence[tuple[str, str]]:
        """Promised or landed columns that a table with `columns` does not have yet."""
        expected = self.table.columns | self.wanted
        return [item for item in expected.items() if item[0] not in columns]

    def _alter(self, table: sql.Identifier, changes: Sequence[sql.Composable]) -> None:
        if changes:
            self.conn.execute(
                sql.SQL("alter table {} {}").format(table, sql.SQL(", ").join(changes))
            )


def _column(name: str, type_: str) -> sql.Composed:
    return sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(type_))


def _added(name: str, type_: str) -> sql.Composed:
    return sql.SQL("add column {}").format(_column(name, type_))


def _joined(template: str, names: Sequence[sql.Identifier]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL(template).format(name) for name in names)
