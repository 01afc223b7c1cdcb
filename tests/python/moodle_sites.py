"""Moodle databases for tests, the warehouse beside them, and a loader to run between the two."""

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from ingest.moodle import load
from ingest.moodle.spec import TableSpec, read_spec
from ingest.settings import Settings
from ingest.warehouse.publish import Counts

SPEC = read_spec()
NOW = int(time.time())
DAY = 86_400
BOOKKEEPING = {"_load_id", "_loaded_at", "_deleted_at"}
# tables enough for every kind of load: two full, two cursor, two append (one of them pruned)
SMALL = ("user", "course", "user_enrolments", "groups", "course_modules_viewed", "notifications")
LOG = "logstore_standard_log"


@dataclass
class Lane:
    """One Moodle database, one warehouse database and the loader between them."""

    moodle: str
    warehouse: str
    home: Path
    prefix: str = "mdl_"
    said: list[str] = field(default_factory=list)

    def settings(self, **changed: Any) -> Settings:
        parts = conninfo_to_dict(self.warehouse)
        values = {
            "home": self.home,
            "pg_host": parts["host"],
            "pg_port": parts["port"],
            "pg_user": parts["user"],
            "pg_password": parts["password"],
            "pg_dbname": parts["dbname"],
            "moodle_dsn": self.moodle,
            "moodle_prefix": self.prefix,
        }
        return Settings.model_validate(values | changed)

    def load(self, *names: str, full: bool = False, **changed: Any) -> Counts:
        """Run the loader in this process for `names`, all tables without any."""
        self.said.clear()
        return load.load_moodle(self.settings(**changed), self.said.append, list(names), full)

    def in_moodle(self, *statements: str) -> None:
        """Run `statements` in Moodle, in one transaction; `{}` stands for the prefix."""
        with psycopg.connect(self.moodle) as conn:
            for statement in statements:
                conn.execute(statement.replace("{}", self.prefix))

    def read(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of `query` in the warehouse, where `raw_moodle` is searched first."""
        with psycopg.connect(self.warehouse, autocommit=True) as conn:
            conn.execute("set search_path = raw_moodle, public")
            return conn.execute(query).fetchall()

    def value(self, query: str) -> Any:
        return self.read(query)[0][0]

    def landing_schemas(self) -> list[str]:
        rows = self.read("select nspname from pg_namespace where nspname like 'landing%'")
        return [name for (name,) in rows]

    def state(self, *names: str) -> dict[str, list[tuple[Any, ...]]]:
        """Every raw row of `names` with its bookkeeping: what somebody who looks now can see."""
        with psycopg.connect(self.warehouse, autocommit=True) as conn:
            found = {}
            for name in names:
                table = sql.Identifier("raw_moodle", f"mdl_{name}")
                exists = conn.execute("select to_regclass(%s)", [table.as_string(conn)]).fetchone()
                if exists != (None,):
                    query = sql.SQL("select * from {} order by id").format(table)
                    found[name] = conn.execute(query).fetchall()
            return found

    def changed_since(self, name: str, load_id: int) -> list[int]:
        """Ids of the rows that a later load than `load_id` touched."""
        rows = self.read(f"select id from mdl_{name} where _load_id > {load_id} order by id")
        return [id_ for (id_,) in rows]

    def last_load(self) -> int:
        return int(self.value("select coalesce(max(load_id), 0) from ops.load_manifest"))


def create_tables(conn: psycopg.Connection, names: Iterable[str], prefix: str = "mdl_") -> None:
    """Tables as Moodle has them, with everything the load spec promises and everything it hides."""
    for name in {*names, "user", "course", "config", "course_modules"}:
        table = SPEC[name]
        columns = {**table.columns, **dict.fromkeys(sorted(table.exclude), "text")}
        ddl = [
            sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(type_))
            for column, type_ in columns.items()
        ]
        conn.execute(
            sql.SQL("create table {} ({}, primary key (id))").format(
                sql.Identifier(prefix + name), sql.SQL(", ").join(ddl)
            )
        )


def fill_small(conn: psycopg.Connection, prefix: str = "mdl_") -> None:
    """Ten rows in every table of SMALL, a week old."""
    for name in SMALL:
        spec = SPEC[name]
        times = [c for c in spec.columns if c.startswith("time") and spec.columns[c] == "bigint"]
        columns = sql.SQL(", ").join(sql.Identifier(column) for column in ["id", *times])
        values = sql.SQL(", ").join(sql.SQL("{}").format(NOW - 7 * DAY) for _ in times)
        conn.execute(
            sql.SQL("insert into {} ({}) select i, {} from generate_series(1, 10) as i").format(
                sql.Identifier(prefix + name), columns, values
            )
        )


def spec_with(**changes: dict[str, Any]) -> AbstractContextManager[Any]:
    """The load spec with some fields of some tables changed, for the loader in this process."""
    spec = dict(SPEC)
    for name, fields in changes.items():
        spec[name] = TableSpec.model_validate(spec[name].model_dump() | fields)
    return mock.patch.object(load, "read_spec", lambda: spec)


def small_lag(ids: int = 0) -> AbstractContextManager[Any]:
    """Tables of a few rows count as large: cursor tables re-read only the last `ids` ids."""
    return mock.patch.object(load, "ID_LAG", ids)
