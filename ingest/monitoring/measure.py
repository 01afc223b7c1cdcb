"""Around a load: its figures are served while it runs, and kept in the warehouse."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import psycopg
from psycopg.types.json import Jsonb

from ingest.errors import UserError
from ingest.kafka.outage import sentence
from ingest.metrics import LOAD_FAILED_BATCHES
from ingest.monitoring.exporter import write_textfile
from ingest.monitoring.figures import Figures, Sample
from ingest.monitoring.serve import serving
from ingest.monitoring.volumes import Volumes
from ingest.postgres import connect
from ingest.settings import Settings

EVERY_SECONDS = 30.0  # what was last heard of a minute ago is late already
KEPT_DAYS = 30

_ADD = "insert into ops.metric_sample (metric, labels, value, sampled_at) values (%s, %s, %s, %s)"
# failures are few and stay: their sum is a counter
_PRUNE = (
    "delete from ops.metric_sample where written_at < now() - make_interval(days => %s)"
    " and metric <> %s"
)
_RUN = "insert into ops.load_run (source, started_at, status, error_class) values (%s, %s, %s, %s)"

Say = Callable[[str], object]


@contextmanager
def measured(
    settings: Settings,
    source: str,
    say: Say,
    *,
    port: int | None = None,
    is_batch: bool = False,
) -> Iterator[Figures]:
    """Measure a load of `source`; `is_batch`: all of it is one batch.

    Figures go to `ops.metric_sample` (and the textfile, if settings name a directory) twice a
    minute and at the end, and are served at `port` until then. `say` tells if they could not be
    kept: a load does not fail for that. Raises `UserError` if the port cannot be served.
    """
    figures = Figures(source)
    figures.register(Volumes(settings))
    started_at, started = datetime.now(UTC), time.perf_counter()
    with ExitStack() as stack:
        if port is not None:
            stack.enter_context(serving(figures.registry, port))
        sampler = stack.enter_context(_sampling(settings, figures))
        error_class = None
        try:
            yield figures
            if is_batch:
                figures.batch(time.perf_counter() - started)
            figures.succeeded()
        except BaseException as error:  # whoever interrupts a load has not loaded
            error_class = type(error).__name__
            figures.failed()
            raise
        finally:
            run = (source, started_at, "failed" if error_class else "ok", error_class)
            failure = sampler.keep(run)
            if failure and not error_class:
                say(f"what was measured is not kept: {failure}")


class _Sampler:
    def __init__(self, settings: Settings, figures: Figures) -> None:
        self._settings = settings
        self._figures = figures
        self._lock = threading.Lock()

    def keep(self, run: tuple[str, datetime, str, str | None] | None = None) -> str | None:
        """Store what was measured; what cannot be stored waits for the next time.

        Returns why it was not stored.
        """
        with self._lock:
            waiting = self._figures.hand_over()
            try:
                with connect(self._settings) as conn:
                    _store(conn, waiting)
                    if run:
                        conn.execute(_RUN, run)
            except (UserError, psycopg.Error) as error:
                self._figures.take_back(waiting)
                return sentence(error)
            try:
                if self._settings.metrics_textfile_dir:
                    write_textfile(self._settings, self._settings.metrics_textfile_dir)
            except OSError as error:
                return f"{error.filename}: {error.strerror}"
        return None


def _store(conn: psycopg.Connection, samples: list[Sample]) -> None:
    with conn.cursor() as cursor:
        cursor.executemany(
            _ADD, [(s.metric, Jsonb(s.labels), s.value, s.sampled_at) for s in samples]
        )
        cursor.execute(_PRUNE, [KEPT_DAYS, LOAD_FAILED_BATCHES.sample])


@contextmanager
def _sampling(settings: Settings, figures: Figures) -> Iterator[_Sampler]:
    """Keep figures twice a minute."""
    sampler, is_over = _Sampler(settings, figures), threading.Event()

    def now_and_then() -> None:
        while not is_over.wait(EVERY_SECONDS):
            sampler.keep()

    thread = threading.Thread(target=now_and_then, daemon=True)
    thread.start()
    try:
        yield sampler
    finally:
        is_over.set()
        thread.join()
