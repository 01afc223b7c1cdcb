"""How far a backfill came: `ops.backfill_run` and `ops.backfill_step`.

A step is written down in the transaction that does it, so a run that was cut off goes on behind the
last one. A run is known by what it was asked for, and by the state of the project.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

Say = Callable[[str], object]

_OPEN = """
select run_id, started_at from ops.backfill_run
where
    completed_at is null
    and first_day = %s and last_day = %s and topics = %s and marts = %s and project = %s
order by run_id desc limit 1
"""
_BEGIN = """
insert into ops.backfill_run (first_day, last_day, topics, marts, project)
values (%s, %s, %s, %s, %s) returning run_id
"""
_STEP = "insert into ops.backfill_step (run_id, step, row_count) values (%s, %s, %s)"
_END = "update ops.backfill_run set completed_at = clock_timestamp() where run_id = %s"


@dataclass(frozen=True, slots=True)
class Request:
    """What a backfill is asked for; the days are those of arrival for topics, of events for marts.

    `project`: fingerprint of the models, empty where no mart is asked for.
    """

    first: date
    last: date
    topics: Sequence[str] = ()
    marts: Sequence[str] = ()
    project: str = ""

    def row(self) -> list[Any]:
        """For `ops.backfill_run`."""
        return [self.first, self.last, sorted(self.topics), sorted(self.marts), self.project]


class Run:
    """A run over one connection in autocommit mode."""

    def __init__(
        self, conn: psycopg.Connection, request: Request, say: Say, is_anew: bool = False
    ) -> None:
        self._conn = conn
        self._say = say
        self._total = self._place = 0
        self._done: set[str] = set()
        row = request.row()
        known = None if is_anew else conn.execute(_OPEN, row).fetchone()
        self._id = known[0] if known else self._begin(row)
        if known:
            steps = conn.execute(
                "select step from ops.backfill_step where run_id = %s", [self._id]
            ).fetchall()
            self._done = {step for (step,) in steps}
            say(
                f"going on with the backfill of {known[1]:%Y-%m-%d %H:%M} UTC,"
                f" {len(self._done)} steps are done (--anew begins again)"
            )

    def _begin(self, row: list[Any]) -> int:
        begun = self._conn.execute(_BEGIN, row).fetchone()
        return int(begun[0]) if begun else 0

    def expect(self, steps: int) -> None:
        """So many more are to come."""
        self._total += steps

    @contextmanager
    def step(self, name: str) -> Iterator["Step | None"]:
        """A transaction around one step; None if it is done already.

        What is set in the step is written down and said.
        """
        self._place += 1
        if name in self._done:
            yield None
            return
        step = Step()
        with self._conn.transaction():
            yield step
            self._conn.execute(_STEP, [self._id, name, step.rows])
        self._done.add(name)
        self._say(f"[{self._place}/{self._total}] {name}: {step.text}")

    def complete(self) -> None:
        """The same request is a new run from here on."""
        self._conn.execute(_END, [self._id])


@dataclass
class Step:
    """What a step did: rows it changed, and that in words."""

    rows: int = 0
    text: str = "nothing to do"
