"""The one way to the warehouse for every command: the embedded server or the user's own."""

from urllib.parse import quote, urlencode

import psycopg

from ingest.errors import UserError
from ingest.postgres.access import DATABASE, ROLE, last_line
from ingest.postgres.binaries import MINIMUM_MAJOR
from ingest.postgres.server import EmbeddedPostgres
from ingest.settings import EMBEDDED_PORT, Settings

EXTERNAL_PORT = 5432


def embedded(settings: Settings) -> EmbeddedPostgres:
    """The embedded server these settings describe; `UserError` if they contradict each other."""
    if settings.pg_user != ROLE or settings.pg_dbname != DATABASE:
        raise UserError(
            "COURSEHOUSE_PG_USER and COURSEHOUSE_PG_DBNAME are for your own server: "
            "set COURSEHOUSE_PG_HOST too, or unset them"
        )
    return EmbeddedPostgres(settings.home_dir, settings.pg_port or EMBEDDED_PORT, settings.pg_bin)


def warehouse_dsn(settings: Settings) -> str:
    """Address with the password, for psycopg, dlt or psql. Contains a secret: do not log it.

    Raises `UserError` if the embedded server does not run.
    """
    if settings.is_embedded:
        return embedded(settings).dsn()
    user = quote(settings.pg_user, safe="")
    password = quote(settings.pg_password.get_secret_value(), safe="")
    login = f"{user}:{password}" if password else user
    host, port = settings.pg_host or "", settings.pg_port or EXTERNAL_PORT
    dbname = quote(settings.pg_dbname, safe="")
    if host.startswith("/"):  # a socket has no place before the slash of an address
        return f"postgresql://{login}@/{dbname}?{urlencode({'host': host, 'port': port})}"
    address = f"[{host}]" if ":" in host else host
    return f"postgresql://{login}@{address}:{port}/{dbname}"


def connect(settings: Settings) -> psycopg.Connection:
    """Open a connection (no autocommit) to the warehouse.

    Raises `UserError` if the server does not run, does not answer or refuses the login.
    """
    if settings.is_embedded:
        return embedded(settings).connect()
    try:
        return psycopg.connect(
            warehouse_dsn(settings), connect_timeout=10, application_name="coursehouse"
        )
    except psycopg.OperationalError as error:
        raise UserError(
            f"cannot connect to {settings.pg_host}:{settings.pg_port or EXTERNAL_PORT} as "
            f"{settings.pg_user}: {last_line(error)} (see COURSEHOUSE_PG_*)"
        ) from None


def start_warehouse(settings: Settings) -> bool:
    """Start the embedded server if there is one to start, and prepare schemas and tables.

    Returns True if a server was started. Safe to repeat. Raises `UserError`.
    """
    # imported here: the bootstrap package itself uses this one
    from ingest.warehouse.bootstrap import bootstrap

    started = embedded(settings).up() if settings.is_embedded else False
    with connect(settings) as connection:
        version = connection.info.server_version
        if version < MINIMUM_MAJOR * 10_000:
            raise UserError(
                f"the warehouse's server is Postgres {version // 10_000}: "
                f"version {MINIMUM_MAJOR} or newer needed"
            )
        bootstrap(connection)
    return started
