"""Rows that pass and rows that fail each test of the packages' stand-ins.

A fixture project runs every case twice, on a table of good rows and on one of bad rows, with the
stand-ins and, where they can be had, with the real packages.
"""

from dataclasses import dataclass
from typing import Any

OTHER = "<the other table>"


@dataclass(frozen=True)
class Case:
    """A test, and what it is to judge: columns with types, rows as SQL values or a query."""

    test: str
    columns: str
    good: str
    bad: str
    column: str | None
    other: str | None
    bad_columns: str
    arguments: dict[str, Any]


def case(
    test: str,
    columns: str,
    good: str,
    bad: str,
    *,
    column: str | None = None,
    other: str | None = None,
    bad_columns: str | None = None,
    **arguments: Any,
) -> Case:
    """`other`: rows of a second table of the same columns, which an argument `OTHER` names."""
    return Case(test, columns, good, bad, column, other, bad_columns or columns, arguments)
