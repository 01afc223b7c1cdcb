"""One Moodle database: what it is, what it has, and whether it can be read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from ingest.errors import UserError
from ingest.moodle.spec import TableSpec

# A bare `postgresql://` would pick whatever driver SQLAlchemy likes this year.
DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mysql+pymysql"}
MYSQL_OPTIONS = {"charset", "ssl_ca"}
CONNECT_TIMEOUT_SECONDS = 10
# Without these there is no Moodle behind the prefix.
CORE_TABLES = ("user", "course", "config")


@dataclass(frozen=True)
class Site:
    """A reachable Moodle database. `tables`: name without prefix -> reflected table."""

    engine: Engine
    prefix: str
    tables: dict[str, sa.Table]
    missing: list[str] = field(default_factory=list)

    @property
    def is_postgres(self) -> bool:
        """Whether rows come by COPY (Postgres) or as an Arrow stream (MariaDB, MySQL)."""
        return self.engine.dialect.name == "postgresql"


def parse_dsn(dsn: str) -> URL:
    """A SQLAlchemy URL with the driver we ship. `UserError` for anything else."""
    try:
        url = make_url(dsn)
    except (ArgumentError, ValueError):
        raise UserError(
            "COURSEHOUSE_MOODLE_DSN is not a database URL; "
            "write it as postgresql://user:password@host:5432/moodle or mysql://..."
        ) from None
    backend = url.get_backend_name()
    if backend not in DRIVERS or not url.database:
        raise UserError(
            "COURSEHOUSE_MOODLE_DSN must name a PostgreSQL, MariaDB or MySQL database "
            "(postgresql://... or mysql://.../moodle)"
        )
    if backend != "postgresql" and not url.query.keys() <= MYSQL_OPTIONS:
        unknown = ", ".join(sorted(url.query.keys() - MYSQL_OPTIONS))
        raise UserError(
            f"COURSEHOUSE_MOODLE_DSN: unknown option {unknown}; MariaDB and MySQL take "
            "ssl_ca=/path/to/ca.pem (encrypt, and check the server's certificate) and charset"
        )
    authority = url.query.get("ssl_ca") if backend != "postgresql" else None
    if authority and not Path(str(authority)).is_file():
        raise UserError(f"COURSEHOUSE_MOODLE_DSN: no such file: ssl_ca={authority}")
    return url.set(drivername=DRIVERS[backend])


def stream_url(url: URL) -> str:
    """Address for connectorx, with the password. It knows other options than pymysql does."""
    authority = url.query.get("ssl_ca")
    # a certificate alone would not even switch encryption on
    options = {"ssl-ca": authority, "ssl-mode": "verify_identity"} if authority else {}
    return address(url.set(drivername="mysql", query=options))


def address(url: URL) -> str:
    """The URL as everybody else reads it: SQLAlchemy leaves a password's spaces as they are."""
    return url.render_as_string(hide_password=False).replace(" ", "%20")


@contextmanager
def open_site(dsn: str, prefix: str, spec: dict[str, TableSpec]) -> Iterator[Site]:
    """Connect, check and reflect the tables of `spec` that the site has.

    Raises `UserError` when the server cannot be reached, the prefix holds no Moodle, the
    database is not UTF-8, or a table lacks its key `id`.
    """
    url = parse_dsn(dsn)
    options: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT_SECONDS}
    if url.get_backend_name() == "postgresql":
        options["client_encoding"] = "utf8"  # psycopg gives bytes from a SQL_ASCII database
    elif url.password:
        options["password"] = url.password.encode()  # pymysql would encode it as latin1
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=options)
    try:
        with engine.connect() as connection:
            _check_encoding(connection, url)
            names = set(sa.inspect(connection).get_table_names())
            _check_prefix(names, prefix, url)
            present = [name for name in spec if prefix + name in names]
            metadata = sa.MetaData()
            metadata.reflect(connection, only=[prefix + name for name in present])
    except (SQLAlchemyError, NoSuchModuleError) as error:
        raise UserError(f"cannot read the Moodle database: {first_line(error)}") from None
    tables = {name: metadata.tables[prefix + name] for name in present}
    without_key = [table.name for table in tables.values() if "id" not in table.c]
    if without_key:
        raise UserError(
            f"{', '.join(without_key)} has no column `id`: not a Moodle table, or a view of one"
        )
    try:
        yield Site(engine, prefix, tables, [name for name in spec if name not in tables])
    finally:
        engine.dispose()


@contextmanager
def snapshot(site: Site) -> Iterator[psycopg.Connection | None]:
    """One read-only connection that sees one moment of a Postgres site; None elsewhere."""
    if not site.is_postgres:
        yield None
        return
    url = address(site.engine.url.set(drivername="postgresql"))
    try:
        connection = psycopg.connect(
            url, connect_timeout=CONNECT_TIMEOUT_SECONDS, client_encoding="utf8"
        )
    except psycopg.Error as error:
        raise UserError(f"cannot read the Moodle database: {first_line(error)}") from None
    with connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        # a site's limits for web requests are not meant for a load
        connection.execute("set local statement_timeout = 0")
        connection.execute("set local idle_in_transaction_session_timeout = 0")
        yield connection


def first_line(error: BaseException) -> str:
    """The driver's own words, without SQLAlchemy's and Postgres's further lines."""
    reason = error.orig if isinstance(error, sa.exc.DBAPIError) and error.orig else error
    text = str(reason.args[-1]) if reason.args else str(reason)
    return (text.strip() or type(reason).__name__).splitlines()[0].strip()


def _check_prefix(names: set[str], prefix: str, url: URL) -> None:
    if all(prefix + table in names for table in CORE_TABLES):
        return
    found = sorted(
        name.removesuffix("course_modules") for name in names if name.endswith("course_modules")
    )
    hint = f"; found the prefix {', '.join(map(repr, found))}" if found else ""
    raise UserError(
        f"no Moodle tables with prefix {prefix!r} in database {url.database!r}{hint}: "
        "set COURSEHOUSE_MOODLE_PREFIX"
    )


def _check_encoding(connection: sa.Connection, url: URL) -> None:
    """Moodle itself demands UTF-8; another encoding means a damaged or foreign database."""
    encoding: Any
    if connection.dialect.name == "postgresql":
        encoding = connection.execute(sa.text("show server_encoding")).scalar_one()
    else:
        encoding = connection.execute(
            sa.text(
                "select default_character_set_name from information_schema.schemata"
                " where schema_name = database()"
            )
        ).scalar_one()
    if not str(encoding).lower().startswith("utf8"):
        raise UserError(
            f"the Moodle database {url.database!r} is encoded in {encoding}; "
            "Moodle and Coursehouse need UTF-8: convert it first"
        )
