"""`python -m ingest.locked_dbt build ...`: dbt for a scheduler that calls dbt itself.

No other build of the warehouse runs meanwhile. Nodes are built with their tests, by `build` alone:
whatever runs a single model after a failure would hide what failed.
"""

import sys
from argparse import ArgumentParser
from functools import partial

from dbt.cli.main import dbtRunner

from ingest.build import KINDS
from ingest.build_lock import building
from ingest.build_state import build_state, keep_state
from ingest.errors import UserError
from ingest.settings import load_settings

WRITING = {"clone", "run", "run-operation", "seed", "snapshot", "test"}
# what makes a build one of a part
LIMITING = (
    *("--select", "-s", "--models", "--model", "-m", "--exclude", "--selector"),
    *("--exclude-resource-type", "--exclude-resource-types", "--empty", "--sample"),
)


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


def is_whole(arguments: list[str]) -> bool:
    """Whether dbt, called so, builds and tests everything there is."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument(*LIMITING, dest="limits", action="append", nargs="*")
    parser.add_argument("--resource-type", "--resource-types", dest="kinds", action="append")
    given, _ = parser.parse_known_args(arguments)
    # a selection that is empty selects everything
    is_limited = any(limit != [""] for limit in given.limits or ())
    return not is_limited and set(given.kinds or KINDS) >= set(KINDS)


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
