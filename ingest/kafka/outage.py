"""What happens when Kafka or the warehouse does not answer, and how it is said."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from ingest.errors import UserError
from ingest.postgres import connect
from ingest.settings import Settings


class Outage(Exception):
    """Kafka or the warehouse does not answer; the text is a sentence for the user."""


@contextmanager
def connection(settings: Settings) -> Iterator[psycopg.Connection]:
    """An autocommit connection to the warehouse. Raises `Outage`."""
    try:
        conn = connect(settings)
    except UserError as error:
        raise Outage(str(error)) from error
    conn.autocommit = True
    with conn:
        yield conn


def sentence(error: Exception) -> str:
    """What an error says, in one line and without the rows a driver may quote."""
    if isinstance(error, psycopg.Error):
        reason = error.diag.message_primary or str(error).strip().splitlines()[0]
        return f"the warehouse failed: {reason}"
    return str(error)
