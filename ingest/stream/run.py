"""`coursehouse stream`: a thread loads what comes, cycles build what is wanted at once."""

import threading
import time
from collections.abc import Callable

from ingest.archive.auto import archiving
from ingest.errors import UserError
from ingest.kafka.embedded import has_kafka
from ingest.kafka.load import load_events
from ingest.kafka.summary import Tally
from ingest.monitoring.measure import measured
from ingest.settings import Settings
from ingest.stream.cycle import Cycle, Say
from ingest.warehouse.session import Busy

LONGEST_PAUSE_SECONDS = 900.0
LOOK_SECONDS = 0.2


class Stream:
    """One process that loads and builds until `is_stopped`, every so many seconds."""

    def __init__(
        self, settings: Settings, say: Say, every: float, is_stopped: Callable[[], bool]
    ) -> None:
        self._settings = settings
        self._say = say
        self._every = every
        self._is_stopped = is_stopped
        self._failures = 0  # in a row
        self._is_busy = False

    def run(
        self, topics: list[str], from_earliest: bool = False, metrics_port: int | None = None
    ) -> tuple[int, Tally]:
        """Stream until stopped; how many cycles there were, and what was loaded.

        A cycle that failed is tried again, after longer and longer pauses. Raises `UserError` if
        the stream cannot begin, or if loading ends with one, after the cycle in hand.
        """
        cycle, cycles = Cycle(self._settings, self._say), 0
        follower = Follower(self._settings, self._say, topics, from_earliest, metrics_port)
        if has_kafka(self._settings):
            follower.start()
        else:
            self._say("no Kafka: only what arrives otherwise is built")
        error: Exception | None = None
        try:
            while not self._is_over(follower):
                started = time.monotonic()
                cycles += self._attempt(cycle)
                self._pause_until(started + self._seconds(), follower)
        except Exception as crash:  # nobody asked it to stop
            error = crash
            raise
        finally:
            follower.stop()
            cycle.ended(error or follower.error)
        return cycles, follower.result()

    def _attempt(self, cycle: Cycle) -> bool:
        """True if the cycle did what it is for."""
        try:
            cycle.run()
        except Busy:
            if not self._is_busy:
                self._say("another build is running: going on when it has ended")
            self._is_busy = True
            return False
        except UserError as error:
            self._failures += 1
            self._say(f"{error}; trying again in {self._seconds():.0f} s")
            return False
        if self._failures or self._is_busy:
            self._say("going on")
        self._failures, self._is_busy = 0, False
        return True

    def _seconds(self) -> float:
        longest = max(LONGEST_PAUSE_SECONDS, self._every)
        return min(self._every * 2.0**self._failures, longest)

    def _pause_until(self, end: float, follower: "Follower") -> None:
        while time.monotonic() < end and not self._is_over(follower):
            time.sleep(LOOK_SECONDS)

    def _is_over(self, follower: "Follower") -> bool:
        return self._is_stopped() or follower.error is not None


class Follower:
    """Follows topics in a thread of its own, as `load events --follow` does."""

    def __init__(
        self,
        settings: Settings,
        say: Say,
        topics: list[str],
        from_earliest: bool,
        metrics_port: int | None,
    ) -> None:
        self._settings = settings
        self._say = say
        self._topics = topics
        self._from_earliest = from_earliest
        self._port = metrics_port
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower")
        self._tally = Tally()
        self.error: Exception | None = None  # what ended it, if it was not asked to

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the batch in hand."""
        self._is_stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def result(self) -> Tally:
        """What was loaded until it was stopped. Raises the error that ended it."""
        if self.error:
            raise self.error
        return self._tally

    def _run(self) -> None:
        try:
            with (
                measured(self._settings, "events", self._say, port=self._port) as figures,
                archiving(self._settings, self._say),
            ):
                self._tally = load_events(
                    self._settings,
                    self._say,
                    self._topics,
                    follow=True,
                    from_earliest=self._from_earliest,
                    is_stopped=self._is_stopping.is_set,
                    figures=figures,
                )
        except Exception as error:
            self.error = error
