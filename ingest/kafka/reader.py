"""Read batches of Kafka records from given positions, without a consumer group."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    TIMESTAMP_NOT_AVAILABLE,
    Consumer,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import OffsetSpec

from ingest.errors import UserError
from ingest.events.raw import Record
from ingest.kafka import client
from ingest.kafka.outage import Outage
from ingest.kafka.positions import Move, Partition, Position
from ingest.settings import Settings

BATCH_RECORDS = 20_000
BATCH_BYTES = 32 * 2**20
BATCH_SECONDS = 0.5  # a batch is stored this long after its first look, however small it is
CHUNK_RECORDS = 1_000
ANSWER_SECONDS = 10.0
WATCHER_SECONDS = 3.0  # who looks at metrics does not wait longer
# The only end that is right everywhere: the embedded broker's watermarks are not.
CONSUMER_SETTINGS = {"enable.partition.eof": True}


@dataclass(frozen=True, slots=True)
class TopicState:
    """What the cluster says of a topic: the numbers of its partitions, and its id if known."""

    partitions: tuple[int, ...]
    topic_id: str | None


@dataclass(slots=True)
class Batch:
    """Records by topic in the order of each partition, and the positions behind them.

    `is_caught_up` once every partition's end was reached after `assign`. `out_of_range` are
    partitions whose records are gone, with the offset that was expected (None: any). `doubt` says
    what is wrong if connections broke or topics vanished: ask the cluster anew before going on.
    """

    records: dict[str, list[Record]] = field(default_factory=dict)
    moves: dict[Partition, Move] = field(default_factory=dict)
    count: int = 0
    size_bytes: int = 0
    is_caught_up: bool = False
    doubt: str | None = None
    out_of_range: dict[Partition, int | None] = field(default_factory=dict)


class Reader:
    """A consumer of assigned partitions. One thread at a time."""

    def __init__(self, settings: Settings) -> None:
        self._doubt: str | None = None
        self._admin = client.admin(settings)
        self._consumer: Consumer = client.consumer(
            settings, **CONSUMER_SETTINGS, error_cb=self._note_outage
        )
        self._next: dict[Partition, int | None] = {}
        self._bases: dict[Partition, int] = {}
        self._unfinished: set[Partition] = set()
        self._out_of_range: dict[Partition, int | None] = {}
        self._last_sign = time.monotonic()

    def close(self) -> None:
        """Leave the cluster."""
        self._consumer.close()

    def discover(self, names: Sequence[str]) -> dict[str, TopicState]:
        """Those of the named topics that the cluster has. Raises `Outage`."""
        try:
            known = self._consumer.list_topics(timeout=ANSWER_SECONDS).topics
        except KafkaException as error:
            reason = self._doubt or error.args[0].str()
            raise Outage(f"Kafka does not answer: {reason}") from error
        found = {name: known[name] for name in names if name in known and known[name].partitions}
        ids = self._topic_ids(list(found))
        return {
            name: TopicState(tuple(sorted(topic.partitions)), ids.get(name))
            for name, topic in found.items()
        }

    def assign(self, positions: Mapping[Partition, Position]) -> None:
        """Go on from `positions`."""
        self._next = {partition: at.next_offset for partition, at in positions.items()}
        self._bases = {partition: at.base_offset for partition, at in positions.items()}
        self._unfinished = set(positions)
        self._out_of_range = {}
        self._doubt = None
        self._consumer.assign(
            [
                TopicPartition(topic, number, OFFSET_BEGINNING if offset is None else offset)
                for (topic, number), offset in self._next.items()
            ]
        )
        self._last_sign = time.monotonic()

    def earliest(self, partition: Partition) -> int | None:
        """The offset of the first record that is still there, None if nobody says."""
        with suppress(KafkaException):
            low, _ = self._consumer.get_watermark_offsets(
                TopicPartition(*partition), timeout=ANSWER_SECONDS
            )
            return int(low)
        return None

    def ends(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """Offsets behind the last record, where anybody tells. For any thread.

        What an answer to a fetch said may be old; the embedded broker, asked, tells the first
        offset of its last batch and one. Both are lower bounds: the higher one counts.
        """
        ends = self._offsets(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]
        for partition in partitions:
            with suppress(KafkaException):
                place = TopicPartition(*partition)
                _, fetched = self._consumer.get_watermark_offsets(place, cached=True)
                if fetched >= 0:  # else it says that it was never told
                    ends[partition] = max(ends.get(partition, 0), fetched)
        return ends

    def firsts(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """Offsets of the first records that are still there, where the cluster tells."""
        return self._offsets(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]

    def silent_partitions(self, seconds: float) -> list[Partition]:
        """Partitions without an end, if nothing at all has come for so long."""
        if time.monotonic() - self._last_sign < seconds:
            return []
        return sorted(self._unfinished)

    def read(self, is_stopped: Callable[[], bool]) -> Batch:
        """What comes within half a second, at most one batch. An empty batch means nothing.

        Ends early once `is_stopped`. Raises `Outage`, and `UserError` where Kafka refuses access.
        """
        batch = Batch()
        deadline = time.monotonic() + BATCH_SECONDS
        while (
            batch.count < BATCH_RECORDS
            and batch.size_bytes < BATCH_BYTES
            and (seconds := deadline - time.monotonic()) > 0
            and not is_stopped()
        ):
            try:
                messages = self._consumer.consume(CHUNK_RECORDS, seconds)
            except KafkaException as error:
                raise Outage(f"Kafka failed: {error.args[0].str()}") from error
            if messages:
                self._add(batch, messages)
        batch.is_caught_up = not self._unfinished
        batch.doubt = self._doubt
        batch.out_of_range = dict(self._out_of_range)
        return batch

    def _add(self, batch: Batch, messages: Iterable[Any]) -> None:
        self._last_sign = time.monotonic()
        reached: dict[Partition, int] = {}
        for message in messages:
            error = message.error()
            topic, number, offset = message.topic(), message.partition(), message.offset()
            if error is not None:
                if error.code() == KafkaError._PARTITION_EOF:
                    # behind the last record there may be marks of transactions
                    reached[topic, number] = offset
                    self._unfinished.discard((topic, number))
                else:
                    self._note_error(error, topic, number)
                continue
            value = message.value()
            batch.records.setdefault(topic, []).append(
                Record(
                    number,
                    self._bases[topic, number] + offset,
                    message.key(),
                    value,
                    _produced_at(message),
                )
            )
            batch.count += 1
            batch.size_bytes += len(value or b"")
            reached[topic, number] = offset + 1
        for partition, next_offset in reached.items():
            begun = batch.moves.get(partition)
            expected = begun.expected if begun else self._next[partition]
            if next_offset != expected:
                batch.moves[partition] = Move(expected, next_offset)
                self._next[partition] = next_offset

    def _note_error(self, error: KafkaError, topic: str | None, number: int | None) -> None:
        code = error.code()
        if code == KafkaError._AUTO_OFFSET_RESET and topic is not None and number is not None:
            self._out_of_range[topic, number] = self._next.get((topic, number))
        elif code in (
            KafkaError.TOPIC_AUTHORIZATION_FAILED,
            KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        ):
            raise UserError(f"Kafka does not let us read {topic}: {error.str()}")
        else:
            self._doubt = error.str()

    def _note_outage(self, error: KafkaError) -> None:
        """Called for connections: one of many brokers may go, all of them may not."""
        if error.code() in (
            KafkaError._ALL_BROKERS_DOWN,
            KafkaError._AUTHENTICATION,
            KafkaError._SSL,
            KafkaError._RESOLVE,
        ):
            self._doubt = error.str()

    def _offsets(self, partitions: Sequence[Partition], spec: OffsetSpec) -> dict[Partition, int]:
        if not partitions:
            return {}
        places = {TopicPartition(*partition): spec for partition in partitions}
        found = {}
        for place, future in self._admin.list_offsets(
            places, request_timeout=WATCHER_SECONDS
        ).items():
            with suppress(KafkaException):
                found[place.topic, place.partition] = int(future.result().offset)
        return found

    def _topic_ids(self, names: list[str]) -> dict[str, str]:
        """Ids of topics; old clusters have none, and not everybody may ask."""
        ids = {}
        if names:
            described = self._admin.describe_topics(
                TopicCollection(names), request_timeout=ANSWER_SECONDS
            )
            for name, future in described.items():
                with suppress(KafkaException):
                    ids[name] = str(future.result().topic_id)
        return ids


def _produced_at(message: Any) -> datetime | None:
    """When the record was made by its own account, None where that is no time."""
    kind, milliseconds = message.timestamp()
    if kind == TIMESTAMP_NOT_AVAILABLE:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
