"""A cycle of the stream: build what is wanted in near real time, then tell of alerts."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from psycopg.types.json import Jsonb

from ingest.alerts.evaluate import evaluate
from ingest.alerts.outbox import deliver, enqueue
from ingest.alerts.receivers import receivers
from ingest.build import Dbt
from ingest.build_lock import building
from ingest.errors import UserError
from ingest.metrics import LOAD_BATCH_SECONDS, LOAD_FAILED_BATCHES, LOAD_LAST_SUCCESS
from ingest.settings import Settings
from ingest.warehouse.session import Busy, warehouse

SOURCE = "stream"
# The mart of the first build of all; what it reads is not built by a stream.
_IS_BUILT = "select to_regclass('intermediate.int_events__activity_records') is not null"
_RUN = "insert into ops.load_run (source, started_at, status, error_class) values (%s, %s, %s, %s)"
_SAMPLE = "insert into ops.metric_sample (metric, labels, value) values (%s, %s, %s)"

Say = Callable[[str], None]


class Cycle:
    """Cycles of one process: dbt reads the project once, for all of them.

    Raises `UserError` if the marts were never built, or the project or an address is not usable.
    """

    def __init__(self, settings: Settings, say: Say) -> None:
        self._settings = settings
        self._say = say
        self._target = settings.home_dir / "stream"
        self._receivers = receivers(settings, say)
        with warehouse(settings) as conn:
            if conn.execute(_IS_BUILT).fetchone() != (True,):
                raise UserError("nothing is built yet that a stream could go on with: run `build`")
        self._started_at = datetime.now(UTC)
        self._dbt = Dbt()
        self._dbt.warm_up(self._target)

    def run(self) -> None:
        """Build, evaluate and tell; what was loaded meanwhile is for the next cycle.

        Raises `Busy` if another build is running, `UserError` if something failed: what stood
        before stands, the next cycle does it again. Neither keeps alerts back.
        """
        try:
            with building(self._settings, self._say, wait_minutes=0):
                self._cycle()
        except Busy:
            # who waits is alive: how long a build takes is told by rules of its own
            self._note(LOAD_LAST_SUCCESS.sample, time.time())
            self._tell()
            raise
        except UserError:
            with suppress(UserError):  # that the warehouse is down may be what failed
                self._note(LOAD_FAILED_BATCHES.sample, 1)
            raise

    def _cycle(self) -> None:
        started = time.monotonic()
        built = self._dbt.near_real_time(self._target)
        if not built.failures:
            # before alerts are evaluated, so that they do not take this stream for a silent one
            self._note(LOAD_LAST_SUCCESS.sample, time.time())
        self._tell()
        if built.failures:
            # what a database says of an error may quote rows: that stays in the file
            names = ", ".join(failure.partition(":")[0] for failure in built.failures)
            raise UserError(f"{names} failed, {self._target / 'dbt.log'} says why")
        self._note(LOAD_BATCH_SECONDS.sample, time.monotonic() - started)

    def ended(self, error: Exception | None) -> None:
        """Write down how the stream ended: one that was asked to is missed by no alert."""
        outcome = ("failed", type(error).__name__) if error else ("ok", None)
        with suppress(UserError), warehouse(self._settings) as conn:
            conn.execute(_RUN, [SOURCE, self._started_at, *outcome])

    def _tell(self) -> None:
        with warehouse(self._settings) as conn:
            if not evaluate(self._settings, conn, self._dbt):
                return  # `coursehouse alert` is at it
            enqueue(conn, self._receivers)
            delivery = deliver(conn, self._receivers)
        if delivery.refused:
            names = ", ".join(delivery.refused)
            self._say(f"{names} did not take a message: {delivery.waiting} wait for a later cycle")

    def _note(self, metric: str, value: float) -> None:
        with warehouse(self._settings) as conn:
            conn.execute(_SAMPLE, [metric, Jsonb({"source": SOURCE}), value])
