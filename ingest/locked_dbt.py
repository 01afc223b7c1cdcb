"""`python -m ingest.locked_dbt build ...`: dbt for a scheduler that calls dbt itself.

No other build of the warehouse runs meanwhile. Nodes are built with their tests, by `build` alone:
whatever runs a single model after a failure would hide what failed.
"""

import sys

import psycopg
from dbt.cli.main import dbtRunner

from ingest.errors import UserError
from ingest.postgres import connect
from ingest.settings import load_settings
from ingest.warehouse.session import alone

WRITING = {"clone", "run", "run-operation", "seed", "snapshot", "test"}


def main(arguments: list[str]) -> int:
    """Run dbt with these arguments; its exit code. `UserError` for what may not run."""
    refused = WRITING.intersection(arguments[:1])
    if refused:
        raise UserError(f"dbt {refused.pop()} is not for schedules: start the whole build anew")
    if arguments[:1] != ["build"]:
        return _dbt(arguments)
    with connect(load_settings()) as conn:
        conn.autocommit = True
        alone(conn, "build")
        return _dbt(arguments)


def _dbt(arguments: list[str]) -> int:
    outcome = dbtRunner().invoke(arguments)
    if outcome.success:
        return 0
    return 2 if outcome.exception else 1  # as dbt itself


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (UserError, psycopg.OperationalError) as error:
        sys.exit(f"coursehouse: {error}")
