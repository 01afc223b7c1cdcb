"""Where simulated records go: Kafka here, a collector in `track.py`, files in `batches.py`.

A sink sends what it is given in order and returns the positions (from 0) of the records that its
way of transport cannot carry at all, so that the truth can be counted without them.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from confluent_kafka import KafkaError, Producer

from ingest.errors import UserError
from ingest.events.topics import topics
from ingest.kafka.client import producer
from ingest.settings import Settings
from ingest.simulate.noise import Message

Sink = Callable[[Iterable[Message]], set[int]]

BROKERS_LEAST = 900_000  # bytes any broker takes; larger ones may be refused one by one
PRODUCER = {
    "client.id": "coursehouse-simulate",
    "acks": "all",
    "enable.idempotence": True,
    "retries": 3,
    "message.max.bytes": 4_000_000,  # the oversized ones are refused by the broker, not by us
    "delivery.report.only.error": True,
    "queue.buffering.max.messages": 200_000,
}


def paced(messages: Iterable[Message], rate: float) -> Iterator[Message]:
    """The same messages, at most `rate` per second."""
    started = time.monotonic()
    for number, message in enumerate(messages):
        early = started + number / rate - time.monotonic()
        if early > 0:
            time.sleep(early)
        yield message


def to_kafka(settings: Settings) -> Sink:
    """Send to the topics of the configured cluster, keyed by person.

    The broker dates the records: a simulated date would be beyond a topic's retention at once.
    """

    def send(messages: Iterable[Message]) -> set[int]:
        client = producer(settings, **PRODUCER)
        # a broker may make what is missing, with its own number of partitions
        missing = sorted(topics().keys() - client.list_topics(timeout=10).topics.keys())
        if missing:
            raise UserError(f"there is no topic {missing[0]}: run `coursehouse topics apply` first")
        reports = _Reports(client)
        for number, message in enumerate(messages):
            reports.send(number, message)
        return reports.finish()

    return send


class _Reports:
    """A producer and what became of each record."""

    def __init__(self, client: Producer) -> None:
        self._client = client
        self._too_large: set[int] = set()
        self._failure: tuple[str, KafkaError] | None = None

    def send(self, number: int, message: Message) -> None:
        """Queue a record; waits while the queue is full."""

        def report(error: KafkaError | None, sent: Any) -> None:
            if error and error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
                self._too_large.add(number)
            else:
                self._report(error, sent)

        is_large = len(message.value or b"") > BROKERS_LEAST
        told = report if is_large else self._report
        while True:
            try:
                self._client.produce(message.topic, message.value, message.key, on_delivery=told)
                break
            except BufferError:
                self._client.poll(1)
        if number % 1000 == 0:
            self._client.poll(0)
            self._check()

    def finish(self) -> set[int]:
        """Wait for every report. Raises `UserError` if a record was not acknowledged."""
        self._client.flush()
        self._check()
        return self._too_large

    def _report(self, error: KafkaError | None, sent: Any) -> None:
        if error and self._failure is None:
            self._failure = str(sent.topic()), error

    def _check(self) -> None:
        if self._failure is None:
            return
        topic, error = self._failure
        raise UserError(f"Kafka did not take every record: {topic}: {error.str()}")
