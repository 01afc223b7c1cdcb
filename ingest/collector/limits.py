"""What the collector takes on: records per client and second, and bytes in the house."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from ingest.collector.problems import Problem, Unavailable

BURST_SECONDS = 10
# what a request and each of its records weigh in memory besides the body
REQUEST_BYTES, RECORD_BYTES = 2048, 512


class RateLimit:
    """A token bucket per client: `rate` records per second, ten seconds' worth at once."""

    def __init__(self, rate: float, largest: int) -> None:
        self._rate = rate
        self._size = max(rate * BURST_SECONDS, largest)
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, client: str, count: int) -> None:
        """Take `count` tokens, or all of it waits: `Problem` 429 that says how long."""
        now = time.monotonic()
        left, at = self._buckets.get(client, (self._size, now))
        left = min(self._size, left + (now - at) * self._rate) - count
        if left < 0:
            wait = int(-left / self._rate) + 1
            raise Problem(429, f"{self._rate:g} records per second are allowed", wait)
        self._buckets[client] = (left, now)


class Backlog:
    """Bytes of requests that are not answered yet: bounded, so that memory is."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.held = 0

    @contextmanager
    def room(self) -> Iterator["Room"]:
        """Room for one request until it is answered. Raises `Unavailable`."""
        room = Room(self)
        try:
            room.grow(REQUEST_BYTES)
            yield room
        finally:
            self.held -= room.size

    def is_full(self, more: int) -> bool:
        """True if `more` bytes do not fit."""
        return self.held + more > self._limit


class Room:
    """What one request takes of the backlog, growing as it arrives."""

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog
        self.size = 0

    def grow(self, more: int) -> None:
        """Take `more` bytes, or raise `Unavailable`."""
        if self._backlog.is_full(more):
            raise Unavailable("too much is waiting to be stored")
        self._backlog.held += more
        self.size += more
