"""Simulated time: stories are generators that yield when they want to go on."""

import heapq
from calendar import monthrange
from collections.abc import Generator
from datetime import UTC, datetime

SECOND = 1
MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

Story = Generator[int, None, None]


class Timeline:
    """Plays stories side by side. `now` is in seconds since 1970, Stripe's own precision."""

    def __init__(self, start: int, end: int) -> None:
        self.now = start
        self.start = start
        self.end = end
        self._waiting: list[tuple[int, int, Story]] = []
        self._number = 0

    def begin(self, story: Story, at: int | None = None) -> None:
        """Let a story begin, now or later. Of two at the same second, the older begins first."""
        self._number += 1
        heapq.heappush(self._waiting, (max(self.now, at or self.now), self._number, story))

    def play(self) -> None:
        """Until the end: what has not happened by then never does."""
        while self._waiting and self._waiting[0][0] < self.end:
            self.now, _, story = heapq.heappop(self._waiting)
            resume = next(story, None)
            if resume is not None:
                self.begin(story, resume)


def months_later(moment: int, months: int) -> int:
    """The same time of day that many months later; on a shorter month's last day if need be."""
    then = datetime.fromtimestamp(moment, UTC)
    month = then.year * 12 + then.month - 1 + months
    year, month = month // 12, month % 12 + 1
    day = min(then.day, monthrange(year, month)[1])
    return int(then.replace(year=year, month=month, day=day).timestamp())


def periods_later(anchor: int, interval: str, count: int, periods: int) -> int:
    """Start of the billing period that many periods after the one that began at `anchor`.

    Counted from the anchor, not from the period before: the 31st of January is billed on the
    28th of February and on the 31st of March.
    """
    if interval == "day":
        return anchor + periods * count * DAY
    if interval == "week":
        return anchor + periods * count * 7 * DAY
    return months_later(anchor, periods * count * (12 if interval == "year" else 1))


def month_of(moment: int) -> str:
    """Its month in UTC, as YYYY-MM."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m")


def day_of(moment: int) -> str:
    """Its day in UTC, as YYYY-MM-DD."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")
