"""Kafka: a request is answered once the broker has acknowledged every one of its records.

Records that break their contract go to their topic as well: the loader, the only writer of dead
letters of the lane 'kafka', refuses them for the same reason and keeps them under their offset.
"""

import asyncio
import logging
import threading

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
POLL_SECONDS = 0.1
CHECK_SECONDS = 3.0
HEADROOM = 8192  # key, headers and framing of the largest record


class KafkaSink:
    """One producer; a thread of its own serves its delivery reports."""

    name = "kafka"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._is_open = True
        self._done: list[Submission] = []
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
        self._thread = threading.Thread(target=self._poll_forever, daemon=True)

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
        self._thread.start()

    def submit(self, submission: Submission) -> None:
        # what is too large was refused, and Kafka could not carry it to the dead letters
        records = [one for one in submission.outgoing if len(one.value) <= MAX_RECORD_BYTES]
        submission.left = len(records)
        if not records:
            return submission.settle()

        def report(error: KafkaError | None, _: Message) -> None:
            submission.left -= 1
            if error is not None and submission.error is None:
                log.error("a request was not acknowledged: %s", error.name())
                submission.error = Unavailable("the broker does not acknowledge", 5)
            if not submission.left:
                self._done.append(submission)

        try:
            for one in records:
                self._producer.produce(one.topic.topic, one.value, one.key, on_delivery=report)
        except (BufferError, KafkaException) as error:
            log.error("the producer takes no record: %s", error)
            raise Unavailable("the broker does not keep up") from None

    def stop(self) -> None:
        self._is_open = False
        self._thread.join()
        self._producer.flush(self._settings.collect_ack_timeout_seconds)

    def _poll_forever(self) -> None:
        while self._is_open:
            self._producer.poll(POLL_SECONDS)
            if self._done:  # one wake-up for all of them
                done, self._done = self._done, []
                self._loop.call_soon_threadsafe(_settle, done)


def _settle(done: list[Submission]) -> None:
    for submission in done:
        submission.settle()
