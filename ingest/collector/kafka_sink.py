"""Kafka: a request is answered once the broker has acknowledged every one of its records.

Records that break their contract go to their topic as well: the loader, the only writer of dead
letters of the lane 'kafka', refuses them for the same reason and keeps them under their offset.
"""

import asyncio
import logging

from confluent_kafka import KafkaError, KafkaException, Message

from ingest.collector.problems import Unavailable
from ingest.collector.sink import Submission
from ingest.errors import UserError
from ingest.events.contracts import MAX_RECORD_BYTES
from ingest.events.topics import topics
from ingest.kafka.client import producer
from ingest.settings import Settings

log = logging.getLogger("coursehouse.collector")
LINGER_MS = 5
BUSY_SECONDS, IDLE_SECONDS = 0.002, 0.1  # until the next look for delivery reports
CHECK_SECONDS = 3.0
HEADROOM = 8192  # key, headers and framing of the largest record


class KafkaSink:
    """One producer, whose delivery reports are served in the event loop.

    A thread of their own would have to wait, for each report, until the loop lets Python go.
    """

    name = "kafka"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._on_their_way = 0  # records, counted here: len() of the producer costs a fifth more
        self._producer = producer(
            settings,
            **{
                # HTTP delivers at least once anyway, and an idempotent producer whose place the
                # broker has forgotten, or taken over, would never deliver again
                "enable.idempotence": False,
                "acks": "all",
                "linger.ms": LINGER_MS,
                "delivery.timeout.ms": int(settings.collect_ack_timeout_seconds * 1000),
                "message.max.bytes": MAX_RECORD_BYTES + HEADROOM,
                # the backlog is bounded in bytes before a record gets here
                "queue.buffering.max.messages": 1_000_000,
            },
        )

    def check(self) -> None:
        try:
            found = self._producer.list_topics(timeout=CHECK_SECONDS).topics
        except KafkaException:
            raise UserError("the broker does not answer") from None
        missing = [name for name in topics() if name not in found]
        if missing:
            raise UserError(
                f"the broker lacks the topics {', '.join(missing)}: run coursehouse topics apply"
            )

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_soon(self._serve)

    def submit(self, submission: Submission) -> None:
        # what is too large was refused, and Kafka could not carry it to the dead letters
        records = [one for one in submission.outgoing if len(one.value) <= MAX_RECORD_BYTES]
        submission.left = len(records)
        if not records:
            return submission.settle()

        def report(error: KafkaError | None, _: Message) -> None:
            self._on_their_way -= 1
            submission.left -= 1
            if error is not None and submission.error is None:
                log.error("a request was not acknowledged: %s", error.name())
                submission.error = Unavailable("the broker does not acknowledge", 5)
            if not submission.left:
                submission.settle()

        if not self._on_their_way:
            self._look_again(BUSY_SECONDS)
        try:
            for one in records:
                self._producer.produce(one.topic.topic, one.value, one.key, on_delivery=report)
                self._on_their_way += 1
        except (BufferError, KafkaException) as error:
            log.error("the producer takes no record: %s", error)
            raise Unavailable("the broker does not keep up") from None

    def stop(self) -> None:
        self._timer.cancel()
        self._producer.flush(self._settings.collect_ack_timeout_seconds)

    def _serve(self) -> None:
        try:
            self._producer.poll(0)
        finally:
            self._look_again(BUSY_SECONDS if self._on_their_way else IDLE_SECONDS)

    def _look_again(self, seconds: float) -> None:
        self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._serve)
