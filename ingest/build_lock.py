"""One build of a warehouse at a time: whoever builds holds an advisory lock meanwhile.

Two builds of one incremental model at once would both find nothing to delete and insert the same
rows. The lock is gone with its connection: nobody has to clean up behind a build that was killed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from ingest.settings import Settings
from ingest.warehouse.session import Busy, alone, warehouse

WHAT = "build"
_WAIT = "select pg_advisory_lock(hashtext(%s))"


@contextmanager
def building(
    settings: Settings, say: Callable[[str], object], wait_minutes: float | None = None
) -> Iterator[None]:
    """Keep every other build of the warehouse out while inside.

    While another one is running, wait for it, and say so: `settings.build_wait_minutes`, or
    `wait_minutes`, 0 for not at all. Raises `Busy` if it is still running then, and `UserError` if
    the warehouse fails.
    """
    minutes = settings.build_wait_minutes if wait_minutes is None else wait_minutes
    with warehouse(settings) as conn:
        try:
            alone(conn, WHAT)
        except Busy:
            if not minutes:
                raise
            say(f"another build of this warehouse is running; waiting up to {minutes:g} minutes")
            _wait(conn, minutes)
        yield


def _wait(conn: psycopg.Connection, minutes: float) -> None:
    milliseconds = sql.Literal(int(minutes * 60_000))
    conn.execute(sql.SQL("set lock_timeout = {}").format(milliseconds))
    try:
        conn.execute(_WAIT, [f"coursehouse:{WHAT}"])
    except psycopg.errors.LockNotAvailable:
        raise Busy(
            f"another build of this warehouse is still running after {minutes:g} minutes:"
            " try again when it has ended, or set COURSEHOUSE_BUILD_WAIT_MINUTES"
        ) from None
