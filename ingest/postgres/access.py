"""Who may connect to the embedded server, and the warehouse role's password.

There are two roles. `postgres` (superuser, no password) is reached only over the local socket and
only by `up`. `coursehouse` owns the database and may create roles, no more: what runs here also
runs on a managed Postgres, and a leaked warehouse password cannot start programs or read files.
"""

import secrets
import time
from pathlib import Path

import psycopg
from psycopg import pq, sql
from psycopg.conninfo import make_conninfo

from ingest.errors import UserError
from ingest.postgres.account import Account, current_account
from ingest.postgres.cluster import ADMIN_ROLE, Cluster
from ingest.postgres.files import write_file

ROLE = DATABASE = "coursehouse"
LISTEN = "127.0.0.1"
# Linux' abstract namespace: no file, no directory permissions. The port is part of the full name.
SOCKET = "@coursehouse"
PATIENCE_SECONDS = 60.0

_HBA = f"""\
# TYPE  DATABASE  USER         ADDRESS        METHOD
local   all       {ADMIN_ROLE}                     peer map=coursehouse
local   all       {ROLE}                  peer map=coursehouse
host    all       {ADMIN_ROLE}     {LISTEN}/32   reject
host    all       all          {LISTEN}/32   scram-sha-256
"""


def admitted_accounts(home: Path) -> list[str]:
    """OS users the socket lets in: who runs `up`, and the home's owner (both may be root)."""
    names = {current_account().name}
    try:
        names.add(home.owner())
    except KeyError:  # a uid without a name can never pass `peer`
        return sorted(names)
    return sorted(names)


def write_access_files(cluster: Cluster) -> None:
    """Write pg_hba.conf and pg_ident.conf; the server reads them when it starts."""
    lines = [
        f'coursehouse "{name}" {role}\n'
        for name in admitted_accounts(cluster.home)
        for role in (ADMIN_ROLE, ROLE)
    ]
    write_file(cluster.file("pg_hba.conf"), _HBA, mode=0o644)
    write_file(cluster.file("pg_ident.conf"), "".join(lines), mode=0o644)


# starting up, shutting down, recovering; stopped at once while it let us in
_BUSY = ("the database system is", "server closed the connection")


def connect_as_admin(port: int, account: Account) -> psycopg.Connection:
    """Superuser connection over the socket, only to a server that runs as `account`."""
    conninfo = make_conninfo(
        host=SOCKET,
        hostaddr="",  # against PGHOSTADDR, as the next three against their PG* variables
        options="",
        channel_binding="prefer",
        require_auth="none",
        port=port,
        user=ADMIN_ROLE,
        dbname="postgres",
        requirepeer=account.name,
        connect_timeout=10,
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        # libpq knows abstract sockets; psycopg.connect() would look the name up in the DNS
        link = pq.PGconn.connect(conninfo.encode())
        if link.status == pq.ConnStatus.OK:
            connection = psycopg.Connection(link)
            connection.autocommit = True
            return connection
        reason = link.get_error_message()
        link.finish()
        if not any(sign in reason for sign in _BUSY) or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    if "authentication failed" in reason:
        raise UserError(
            "the warehouse was started by another OS user: stop it with `coursehouse down` "
            "and start it as this one"
        )
    raise UserError(f"the warehouse does not answer: {last_line(reason)}")


def connect_by_tcp(port: int, password: str, dbname: str = DATABASE) -> psycopg.Connection:
    """Connection of the warehouse role as any client makes it; raises `OperationalError`."""
    return psycopg.connect(
        host=LISTEN,
        hostaddr=LISTEN,  # against PGHOSTADDR, as the next three against their PG* variables
        channel_binding="prefer",
        sslmode="disable",
        gssencmode="disable",
        port=port,
        user=ROLE,
        password=password,
        dbname=dbname,
        require_auth="scram-sha-256",  # never hand the password itself to an impostor
        connect_timeout=10,
    )


def ensure_role_and_database(admin: psycopg.Connection) -> None:
    """Create what is missing, also after a first `up` that was killed halfway."""
    if not admin.execute("select 1 from pg_roles where rolname = %s", [ROLE]).fetchone():
        admin.execute(sql.SQL("create role {} login createrole").format(sql.Identifier(ROLE)))
    if not admin.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
        create_database(admin, DATABASE)


def create_database(admin: psycopg.Connection, name: str, owner: str = ROLE) -> None:
    """Create an empty database of `owner`; others may enter it only if that is `ROLE`."""
    database = sql.Identifier(name)
    admin.execute(sql.SQL("create database {} owner {}").format(database, sql.Identifier(owner)))
    if owner != ROLE:
        admin.execute(sql.SQL("revoke connect on database {} from public").format(database))


def ensure_password(admin: psycopg.Connection, port: int, home: Path) -> None:
    """Make the secret file and the role's password agree; a lost secret is replaced."""
    path = secret_file(home)
    password = read_secret(path)
    if password is not None and _opens(port, password):
        return
    if password is None:
        password = secrets.token_urlsafe(24)
        write_file(path, password + "\n")
    # hashed here: the server would write a plain password into its log if the statement failed
    verifier = admin.pgconn.encrypt_password(
        password.encode(), ROLE.encode(), b"scram-sha-256"
    ).decode()
    admin.execute(
        sql.SQL("alter role {} password {}").format(sql.Identifier(ROLE), sql.Literal(verifier))
    )


def secret_file(home: Path) -> Path:
    """Where the password of the warehouse role is kept."""
    return home / "postgres.secret"


def read_secret(path: Path) -> str | None:
    """The password, None if the file is lost or empty."""
    try:
        text = path.read_text().strip()
    except FileNotFoundError:
        return None
    except PermissionError:
        raise UserError(
            f"{path} is not readable for this OS user: run this as the user that ran "
            "`coursehouse up`"
        ) from None
    return text or None


def last_line(message: object) -> str:
    """What a driver says in several lines, as one: the last names the cause."""
    return (str(message).strip().splitlines() or ["no reason given"])[-1].strip()


def _opens(port: int, password: str) -> bool:
    try:
        connect_by_tcp(port, password).close()
    except psycopg.OperationalError:
        return False
    return True
