"""`python -m ingest.locked_dbt build ...`: dbt for a scheduler that calls dbt itself.

No other build of the warehouse runs meanwhile. Nodes are built with their tests, by `build` alone:
whatever runs a single model after a failure would hide what failed.
"""

import sys
from functools import partial

from dbt.cli.main import dbtRunner

from ingest.build import is_whole
from ingest.build_lock import building
from ingest.build_state import build_state, keep_state
from ingest.errors import UserError
from ingest.settings import load_settings

WRITING = {"clone", "run", "run-operation", "seed", "snapshot", "test"}


def main(arguments: list[str]) -> int:
    """Run dbt with these arguments; its exit code. `UserError` for what may not run.

    A build of everything that went well is remembered, as that of `coursehouse build` is.
    """
    refused = WRITING.intersection(arguments[:1])
    if refused:
        raise UserError(f"dbt {refused.pop()} is not for schedules: start the whole build anew")
    if arguments[:1] != ["build"]:
        return _dbt(arguments)
    settings = load_settings()
    with building(settings, partial(print, file=sys.stderr)):
        if not is_whole(arguments):
            return _dbt(arguments)
        state = build_state(settings)  # what comes while it builds is for the next one
        keep_state(settings, "")
        code = _dbt(arguments)
        if code == 0:
            keep_state(settings, state)
        return code


def _dbt(arguments: list[str]) -> int:
    outcome = dbtRunner().invoke(arguments)
    if outcome.success:
        return 0
    return 2 if outcome.exception else 1  # as dbt itself


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as error:
        sys.exit(f"coursehouse: {error}")
