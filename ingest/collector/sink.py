"""Where records go: what a sink promises, and the wait for it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ingest.collector.problems import Unavailable
from ingest.events.contracts import Rejection
from ingest.events.topics import Topic


@dataclass(slots=True)
class Outgoing:
    """One checked record on its way; `rejection` says why it becomes a dead letter.

    A sink that learns of a reason only when it stores the record sets it.
    """

    topic: Topic
    key: bytes | None
    value: bytes
    received_at: datetime
    rejection: Rejection | None


class Submission:
    """The records of one request, and the future that is set once all of them are kept."""

    __slots__ = ("error", "future", "left", "outgoing")

    def __init__(self, outgoing: Sequence[Outgoing]) -> None:
        self.outgoing = outgoing
        self.left = len(outgoing)
        self.error: Exception | None = None
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def settle(self) -> None:
        """Wake up who waits, if somebody still does. In the thread of the event loop."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(None)
        else:
            self.future.set_exception(self.error)

    def give_up(self) -> None:
        """Nobody waits any longer."""
        if not self.future.done():
            self.future.set_exception(Unavailable("not stored in time: send it again", 5))


class Sink(Protocol):
    """Something that keeps records."""

    name: str

    def check(self) -> None:
        """Raise `UserError` if records cannot be kept. Blocks for seconds."""

    def start(self) -> None:
        """Begin; in the event loop's thread, before the first submission."""

    def submit(self, submission: Submission) -> None:
        """Take records over: its future is settled later. Raises `Unavailable` at once if full."""

    def stop(self) -> None:
        """Keep what was submitted, then end. Blocks."""


async def store(sink: Sink, outgoing: Sequence[Outgoing], seconds: float) -> None:
    """Come back once every record is kept; `Unavailable` if it is not known within `seconds`.

    Some records may have been kept then: whoever sends them again sends the same event ids.
    """
    submission = Submission(outgoing)
    sink.submit(submission)
    patience = asyncio.get_running_loop().call_later(seconds, submission.give_up)
    try:
        await submission.future
    finally:
        patience.cancel()
