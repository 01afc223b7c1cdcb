"""Seeded chance and the two things every event needs of it: ids and times."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")
SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Dice(random.Random):
    """Python's generator with the draws of this package, each a single cheap call."""

    def chance(self, share: float) -> bool:
        """True with the probability `share`."""
        return self.random() < share

    def pick(self, options: Sequence[T]) -> T:
        """Any of them, all alike."""
        return options[int(self.random() * len(options))]

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.random() * (high - low + 1))

    def about(self, mean: int) -> int:
        """A waiting time with that mean: mostly shorter, at times much longer."""
        return int(self.expovariate(1 / mean))

    def token(self) -> str:
        """32 hexadecimal digits."""
        return f"{self.getrandbits(128):032x}"

    def uuid(self) -> str:
        """A version 4 UUID as text."""
        h = self.token()
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


def iso(at: int) -> str:
    """Milliseconds since 1970 as ISO 8601 in UTC."""
    minutes, millis = divmod(at, MINUTE)
    return f"{_minute(minutes)}:{millis // SECOND:02}.{millis % SECOND:03}Z"


def moment(at: int) -> datetime:
    """Milliseconds since 1970 as a datetime in UTC, exactly."""
    return EPOCH + timedelta(milliseconds=at)


@lru_cache(maxsize=4096)  # a day and a half: people's days are played one after the other
def _minute(minutes: int) -> str:
    return (EPOCH + timedelta(minutes=minutes)).isoformat()[:16]
