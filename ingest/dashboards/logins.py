"""The roles of Postgres that Superset uses: one owns its metadata, others read the marts."""

from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from ingest.dashboards.secret_state import secret
from ingest.errors import UserError
from ingest.postgres import connect, embedded, warehouse_dsn
from ingest.settings import Settings

METADATA = "superset"  # database and role
# connections of Superset to the warehouse that a spec may name
CONNECTIONS = ("analyst",)
READER_SETTINGS = (
    "default_transaction_read_only = on",
    "statement_timeout = '30s'",
    "idle_in_transaction_session_timeout = '60s'",
)


def login_address(settings: Settings, login: str, dbname: str | None = None) -> str:
    """SQLAlchemy address of a login on the warehouse's server, without a password."""
    parts = conninfo_to_dict(warehouse_dsn(settings))
    host, port, name = str(parts["host"]), parts["port"], quote(str(dbname or parts["dbname"]))
    if host.startswith("/"):  # a socket has no place before the slash of an address
        return f"postgresql+psycopg2://{login}@/{name}?{urlencode({'host': host, 'port': port})}"
    address = f"[{host}]" if ":" in host else host
    return f"postgresql+psycopg2://{login}@{address}:{port}/{name}"


def metadata_address(settings: Settings) -> str:
    """SQLAlchemy address of Superset's own database, with the password."""
    if settings.superset_metadata_uri:
        return settings.superset_metadata_uri.get_secret_value()
    password = secret(settings, "metadata")
    address = login_address(settings, METADATA, METADATA)
    return address.replace(f"//{METADATA}@", f"//{METADATA}:{password}@")


def ensure_metadata_database(settings: Settings) -> None:
    """Create Superset's database and the role that owns it; nothing else may connect to it."""
    if settings.superset_metadata_uri:
        return
    with connect(settings) as conn:
        conn.autocommit = True
        ensure_login(conn, METADATA, secret(settings, "metadata"))
        found = conn.execute("select 1 from pg_database where datname = %s", [METADATA]).fetchone()
        if found:
            return
        if settings.is_embedded:
            embedded(settings).create_database(METADATA, METADATA)
            return
        try:
            # only a member may make a role the owner
            conn.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(METADATA)))
            conn.execute(
                sql.SQL("create database {} owner {}").format(
                    sql.Identifier(METADATA), sql.Identifier(METADATA)
                )
            )
        except psycopg.errors.InsufficientPrivilege:
            raise UserError(
                f"the warehouse's role may not create databases: run `create database {METADATA} "
                f"owner {METADATA}` as an administrator, or set COURSEHOUSE_SUPERSET_METADATA_URI"
            ) from None


def ensure_login(conn: psycopg.Connection, name: str, password: str) -> None:
    """A role that may log in with this password."""
    if not conn.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone():
        conn.execute(sql.SQL("create role {} login").format(sql.Identifier(name)))
    # hashed here, so that no log of the server ever holds it
    verifier = conn.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    conn.execute(
        sql.SQL("alter role {} password {}").format(
            sql.Identifier(name), sql.Literal(verifier.decode())
        )
    )


def reader(connection: str) -> str:
    """Name of the login a connection of Superset uses."""
    return f"superset_{connection}"


def login_passwords(settings: Settings) -> dict[str, str]:
    """Login -> password, for every connection the specs may name."""
    return {reader(name): secret(settings, reader(name)) for name in CONNECTIONS}


def ensure_readers(settings: Settings) -> None:
    """Logins that read what their audience may read, never write, and never run for long."""
    with connect(settings) as conn:
        for name in CONNECTIONS:
            login, group = sql.Identifier(reader(name)), sql.Identifier(f"coursehouse_bi_{name}")
            ensure_group(conn, f"coursehouse_bi_{name}")
            ensure_login(conn, reader(name), secret(settings, reader(name)))
            conn.execute(sql.SQL("grant {} to {}").format(group, login))
            for setting in READER_SETTINGS:
                conn.execute(sql.SQL("alter role {} set ").format(login) + sql.SQL(setting))
            conn.execute(sql.SQL("alter role {} connection limit 40").format(login))
            grant_marts(conn, group)


def ensure_group(conn: psycopg.Connection, name: str) -> None:
    """A role nobody logs in as: it holds the rights of an audience."""
    if not conn.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone():
        conn.execute(sql.SQL("create role {} nologin").format(sql.Identifier(name)))


def grant_marts(conn: psycopg.Connection, group: sql.Identifier) -> None:
    """Reading of all marts but those of proctoring, also of models that are built later."""
    schemas = conn.execute(
        "select nspname from pg_namespace "
        "where nspname ~ '^marts_' and nspname <> 'marts_proctoring'"
    ).fetchall()
    for (name,) in schemas:
        schema = sql.Identifier(name)
        for grant in (
            "grant usage on schema {} to {}",
            "grant select on all tables in schema {} to {}",
            "alter default privileges in schema {} grant select on tables to {}",
        ):
            conn.execute(sql.SQL(grant).format(schema, group))
