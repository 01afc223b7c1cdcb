"""The roles of Postgres that Superset uses: one owns its metadata, others read the marts."""

from typing import LiteralString
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from ingest.dashboards.audiences import (
    CONNECTIONS,
    READERS_OF_MARTS,
    SECURED_CONNECTIONS,
    group,
    login,
)
from ingest.dashboards.bundle import with_as_of
from ingest.dashboards.catalogue import SHOWN_SCHEMAS, Dataset
from ingest.dashboards.secret_state import secret
from ingest.dashboards.spec import Dashboard
from ingest.errors import UserError
from ingest.postgres import connect, embedded, warehouse_dsn
from ingest.settings import Settings
from ingest.warehouse.bootstrap import padded_keys

METADATA = "superset"  # database and role
# what Superset signs the name of a viewer with
VIEWER_KEY = "viewer_key"
READER_SETTINGS = (
    "default_transaction_read_only = on",
    "statement_timeout = '30s'",
    "idle_in_transaction_session_timeout = '60s'",
)
# what a role holds in the schemas of marts, as the statements that take it back
WITHDRAWALS: LiteralString = """
    with things as (
        select nspname, 'schema ' || quote_ident(nspname) as thing, nspacl as acl
        from pg_namespace
        union all
        select relnamespace::regnamespace::text, 'table ' || oid::regclass, relacl
        from pg_class
        where relkind in ('r', 'v', 'm', 'p')
        union all
        select pronamespace::regnamespace::text, 'function ' || oid::regprocedure, proacl
        from pg_proc
    ),

    statements as (
        select nspname, acl, 'revoke all on ' || thing as statement
        from things
        union all
        select
            nspname,
            defaclacl,
            'alter default privileges in schema ' || quote_ident(nspname) || ' revoke all on tables'
        from pg_default_acl as d
        inner join pg_namespace as n on d.defaclnamespace = n.oid
        where d.defaclrole = current_user::regrole and d.defaclobjtype = 'r'
    )

    select distinct statement || ' from ' || quote_ident(%(name)s)
    from statements
    cross join lateral aclexplode(acl) as held
    where
        held.grantee = %(name)s::regrole
        and exists (select 1 from unnest(%(schemas)s::text[]) as s where starts_with(nspname, s))
"""


def login_address(settings: Settings, user: str, dbname: str | None = None) -> str:
    """SQLAlchemy address of a login on the warehouse's server, without a password."""
    parts = conninfo_to_dict(warehouse_dsn(settings))
    host, port, name = str(parts["host"]), parts["port"], quote(str(dbname or parts["dbname"]))
    if host.startswith("/"):  # a socket has no place before the slash of an address
        return f"postgresql+psycopg2://{user}@/{name}?{urlencode({'host': host, 'port': port})}"
    address = f"[{host}]" if ":" in host else host
    return f"postgresql+psycopg2://{user}@{address}:{port}/{name}"


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
            conn.execute(
                sql.SQL("revoke connect on database {} from public").format(
                    sql.Identifier(METADATA)
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


def login_passwords(settings: Settings) -> dict[str, str]:
    """Login -> password, for every connection."""
    return {login(name): secret(settings, login(name)) for name in CONNECTIONS}


def ensure_readers(
    settings: Settings, specs: list[Dashboard], catalogue: dict[str, Dataset]
) -> None:
    """Logins that read what their audience may read, never write, and never run for long.

    In one transaction: what an audience may read no longer is gone when the rest is still there.
    """
    with connect(settings) as conn:
        for name in CONNECTIONS:
            who = sql.Identifier(login(name))
            ensure_group(conn, group(name))
            ensure_login(conn, login(name), secret(settings, login(name)))
            conn.execute(sql.SQL("grant {} to {}").format(sql.Identifier(group(name)), who))
            for setting in READER_SETTINGS:
                conn.execute(sql.SQL("alter role {} set ").format(who) + sql.SQL(setting))
            conn.execute(sql.SQL("alter role {} connection limit 40").format(who))
            withdraw(conn, group(name))
        for name in READERS_OF_MARTS:
            grant_marts(conn, sql.Identifier(group(name)))
        for spec in specs:
            reader = sql.Identifier(group(spec.connection))
            for chart in with_as_of(spec):
                grant_dataset(conn, catalogue[chart.dataset], reader)
        let_viewers_in(conn, secret(settings, VIEWER_KEY))


def ensure_group(conn: psycopg.Connection, name: str) -> None:
    """A role nobody logs in as: it holds the rights of an audience."""
    if not conn.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone():
        conn.execute(sql.SQL("create role {} nologin").format(sql.Identifier(name)))


def withdraw(conn: psycopg.Connection, name: str) -> None:
    """Take back all that a role may do with marts; what it still may is granted after it."""
    found = conn.execute(WITHDRAWALS, {"name": name, "schemas": list(SHOWN_SCHEMAS)}).fetchall()
    for (statement,) in found:
        conn.execute(statement)


def grant_marts(conn: psycopg.Connection, reader: sql.Identifier) -> None:
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
            conn.execute(sql.SQL(grant).format(schema, reader))


def grant_dataset(conn: psycopg.Connection, dataset: Dataset, reader: sql.Identifier) -> None:
    """Reading of one mart; builds grant it again (macro grant_to_dashboards)."""
    schema, table = sql.Identifier(dataset.schema), sql.Identifier(dataset.schema, dataset.name)
    conn.execute(sql.SQL("grant usage on schema {} to {}").format(schema, reader))
    conn.execute(sql.SQL("grant select on {} to {}").format(table, reader))


def let_viewers_in(conn: psycopg.Connection, key: str) -> None:
    """Secured connections may ask who looks; the warehouse learns the key that signs it."""
    for name in SECURED_CONNECTIONS:
        reader = sql.Identifier(group(name))
        conn.execute(sql.SQL("grant usage on schema secure to {}").format(reader))
        conn.execute(sql.SQL("grant execute on function secure.viewer() to {}").format(reader))
        conn.execute(sql.SQL("grant select on secure.secure_viewer_course to {}").format(reader))
    conn.execute(
        "insert into vault.viewer_key (inner_key, outer_key) values (%s, %s)"
        " on conflict (is_current) do update"
        " set inner_key = excluded.inner_key, outer_key = excluded.outer_key",
        padded_keys(key.encode()),
    )
