"""The sample Moodle site that ships with the project, put into a database of its own."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import psycopg

from ingest.settings import PROJECT_DIR

SAMPLE_DUMP = PROJECT_DIR / "sample" / "moodle" / "moodle_small_pg.sql.gz"
SAMPLE_DATABASE = "moodle_sample"
END_OF_DATA = "\\.\n"


def restore(dump: Path, conn: psycopg.Connection) -> None:
    """Run a gzipped plain-text `pg_dump` on `conn`, in one transaction.

    Understands what pg_dump writes: statements that end with a semicolon at the end of a line,
    and COPY blocks. There is no psql on a machine that has only Python.
    """
    with (
        conn.transaction(),
        conn.cursor() as cursor,
        gzip.open(dump, "rt", encoding="utf8") as file,
    ):
        lines = iter(file)
        for statement in _statements(lines):
            if statement.startswith("COPY "):
                with cursor.copy(statement) as copy:
                    for line in lines:
                        if line == END_OF_DATA:
                            break
                        copy.write(line)
            else:
                cursor.execute(statement)


def is_restored(conn: psycopg.Connection) -> bool:
    """Whether `restore` has been done there: it is all or nothing."""
    row = conn.execute("select to_regclass('mdl_logstore_standard_log') is not null").fetchone()
    return row == (True,)


def _statements(lines: Iterator[str]) -> Iterator[str]:
    statement = ""
    for line in lines:
        if not statement and (line.startswith("--") or not line.strip()):
            continue
        statement += line
        if line.rstrip().endswith(";"):
            yield statement
            statement = ""
