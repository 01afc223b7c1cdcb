"""A number people see on a dashboard, and the SQL that has to give the same."""

from dataclasses import dataclass
from typing import LiteralString


@dataclass(frozen=True)
class Number:
    """A number on the screen: where it stands, and the SQL that has to give the same text."""

    dashboard: str
    tab: str
    chart: str
    sql: LiteralString
