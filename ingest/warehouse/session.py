"""A connection for one command of the event lane."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from ingest.errors import UserError
from ingest.postgres import connect
from ingest.settings import Settings
from ingest.warehouse.bootstrap import bootstrap


class Busy(UserError):
    """Another process does what only one may do at a time."""


@contextmanager
def warehouse(settings: Settings) -> Iterator[psycopg.Connection]:
    """An autocommit connection to a warehouse that has what loads need.

    Whatever Postgres refuses inside becomes a `UserError`: transactions that were open are undone.
    """
    with connect(settings) as conn:
        try:
            conn.autocommit = True
            bootstrap(conn)
            yield conn
        except psycopg.Error as error:
            reason = error.diag.message_primary or str(error).strip().partition("\n")[0]
            raise UserError(
                f"the warehouse failed: {reason}; what was committed before is untouched"
            ) from error


def alone(conn: psycopg.Connection, what: str) -> None:
    """Hold the lock `coursehouse:<what>` until the connection closes.

    Raises `Busy` if another process holds it.
    """
    lock = f"coursehouse:{what}"
    row = conn.execute("select pg_try_advisory_lock(hashtext(%s))", [lock]).fetchone()
    if row != (True,):
        raise Busy(f"another process is at the {what} of this warehouse; wait for it")
