"""Why something failed below dlt, in one line: the database's own words, not the wrapping."""

from collections.abc import Iterator

import sqlalchemy as sa
from dlt.extract.exceptions import ResourceExtractionError
from dlt.load.exceptions import LoadClientJobException

from ingest.moodle.site import first_line


def cause_of(error: BaseException) -> str:
    """What the database said; without a database the innermost reason."""
    chain = list(_chain(error))
    # psycopg speaks for Moodle and the publication, dlt's psycopg2 for the landing: alike in this
    spoken = [
        link for link in chain if hasattr(link, "diag") or isinstance(link, sa.exc.DBAPIError)
    ]
    return first_line((spoken or chain[-1:])[0])


def table_of(error: BaseException) -> str | None:
    """The warehouse's name of the table that was read or landed; None if dlt does not tell."""
    for link in _chain(error):
        if isinstance(link, ResourceExtractionError):
            return link.pipe_name
        if isinstance(link, LoadClientJobException):
            return link.job_id.split(".")[0]
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__
