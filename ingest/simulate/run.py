"""One run of the simulator: into a sink, and the truth of what went there into a file."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

from ingest.errors import UserError
from ingest.garbage import uncollected
from ingest.simulate.noise import Message
from ingest.simulate.plan import Plan
from ingest.simulate.sinks import Sink, paced
from ingest.simulate.truth import truth_of
from ingest.simulate.world import simulate


@dataclass(slots=True)
class Outcome:
    """What went out."""

    records: int = 0
    value_bytes: int = 0
    topics: set[str] = field(default_factory=set)
    left_out: set[int] = field(default_factory=set)  # positions in the stream
    seconds: float = 0.0

    @property
    def sent(self) -> int:
        """Records the sink took."""
        return self.records - len(self.left_out)


def run(plan: Plan, sink: Sink, rate: float | None = None) -> Outcome:
    """Simulate into `sink`, at most `rate` records per second."""
    outcome = Outcome()
    started = time.monotonic()
    stream: Iterable[Message] = simulate(plan)
    with uncollected():
        outcome.left_out = sink(_counted(stream if rate is None else paced(stream, rate), outcome))
    outcome.seconds = time.monotonic() - started
    return outcome


def write_truth(plan: Plan, left_out: set[int], file: Path) -> None:
    """The truth of the records that could be sent, and the plan, as JSON."""
    sent = (
        (message.topic, message.value, message.produced_at)
        for number, message in enumerate(simulate(plan))
        if number not in left_out
    )
    content = orjson.dumps({"plan": asdict(plan), **truth_of(sent)})
    try:
        file.write_bytes(content + b"\n")
    except OSError as error:
        raise UserError(f"cannot write {file}: {error.strerror}") from None


def _counted(messages: Iterable[Message], outcome: Outcome) -> Iterator[Message]:
    for message in messages:
        outcome.records += 1
        outcome.value_bytes += len(message.value or b"")
        outcome.topics.add(message.topic)
        yield message
