"""Topics on the cluster as the registry wants them: what differs, and bringing it in line.

Only adds: topics, partitions, and the registry's own settings. What would lose records or needs a
plan of its own (fewer partitions, another replication) is reported and left to people.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Literal

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

from ingest.errors import UserError
from ingest.events.topics import Topic
from ingest.kafka.client import admin
from ingest.settings import Settings

REQUEST_SECONDS = 30.0
PARTITIONS, REPLICATION = "partitions", "replication"
REPLICAS_FOR_TWO = 3  # from so many copies on, two must have a record before it is acknowledged

# open: found, not touched (dry run); kept: not for `apply` to change; unsupported: the broker's gap
Outcome = Literal["open", "done", "kept", "unsupported", "refused"]


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as the cluster has it."""

    partitions: int
    replication: int
    config: Mapping[str, str | None]


@dataclass(slots=True)
class Difference:
    """One thing that is not as registered, and what became of it."""

    topic: str
    what: str  # topic, partitions, replication or the name of a setting
    found: str | None
    wanted: str
    outcome: Outcome = "open"
    reason: str | None = None

    def __str__(self) -> str:
        change = f"{self.what} {self.found or 'not set'} -> {self.wanted}"
        if self.what == "topic":
            change = f"create with {self.wanted}"
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.outcome:<12}{self.topic}: {change}{reason}"


def read_states(
    client: AdminClient, topics: Iterable[Topic]
) -> tuple[dict[str, TopicState | None], int]:
    """What the cluster has of these topics (None: nothing), and its number of brokers."""
    cluster = _ask(lambda: client.list_topics(timeout=REQUEST_SECONDS))
    known = {t.topic: cluster.topics[t.topic] for t in topics if t.topic in cluster.topics}
    configs = _read_configs(client, list(known))
    states: dict[str, TopicState | None] = {topic.topic: None for topic in topics}
    for name, found in known.items():
        replicas = [len(partition.replicas) for partition in found.partitions.values()]
        states[name] = TopicState(len(replicas), min(replicas, default=0), configs[name])
    return states, len(cluster.brokers)


def compare(topic: Topic, state: TopicState | None, brokers: int) -> list[Difference]:
    """What is not as registered. A cluster cannot hold more replicas than it has brokers."""
    replication = min(topic.replication_factor, brokers)
    if state is None:
        partitions = _count(topic.partitions, "partition")
        wanted = f"{partitions}, {_count(replication, 'replica')}"
        return [Difference(topic.topic, "topic", None, wanted)]
    found: list[Difference] = []
    if state.partitions != topic.partitions:
        grow = Difference(topic.topic, PARTITIONS, str(state.partitions), str(topic.partitions))
        if state.partitions > topic.partitions:
            grow.outcome, grow.reason = "kept", "Kafka cannot take partitions away"
        found.append(grow)
    if state.replication < replication:
        reason = "to be changed by reassigning partitions"
        replicas = str(state.replication), str(replication)
        found.append(Difference(topic.topic, REPLICATION, *replicas, "kept", reason))
    for name, value in settings_of(topic, state.replication).items():
        if state.config.get(name) != value:
            found.append(Difference(topic.topic, name, state.config.get(name), value))
    return found


def settings_of(topic: Topic, replication: int) -> dict[str, str]:
    """Kafka's settings of a registered topic that has so many copies.

    Of three copies two must be written: then no acknowledged record is lost with one broker, and
    one broker may be missing.
    """
    found = {"retention.ms": str(topic.retention_ms), "cleanup.policy": topic.cleanup_policy}
    if replication >= REPLICAS_FOR_TWO:
        found["min.insync.replicas"] = "2"
    return found


def apply_topics(
    settings: Settings, topics: Sequence[Topic], is_dry_run: bool = False
) -> list[Difference]:
    """Bring the cluster in line with the registry; returns what differed. Safe to repeat.

    One topic's failure does not stop the others. Raises `UserError` if the cluster does not answer.
    """
    client = admin(settings)
    states, brokers = read_states(client, topics)
    found = [one for topic in topics for one in compare(topic, states[topic.topic], brokers)]
    if not is_dry_run:
        _create(client, [one for one in found if one.what == "topic"], topics, brokers)
        to_change = [one for one in found if one.what != "topic" and one.outcome == "open"]
        _grow(client, [one for one in to_change if one.what == PARTITIONS])
        _alter(client, [one for one in to_change if one.what != PARTITIONS])
    return found


def _create(
    client: AdminClient, missing: list[Difference], topics: Iterable[Topic], brokers: int
) -> None:
    registered = {topic.topic: topic for topic in topics}
    new = []
    for topic in (registered[one.topic] for one in missing):
        replication = min(topic.replication_factor, brokers)
        new.append(
            NewTopic(
                topic.topic,
                num_partitions=topic.partitions,
                replication_factor=replication,
                config=settings_of(topic, replication),
            )
        )
    if new:
        # returns once every broker knows the topics
        done = client.create_topics(
            new, operation_timeout=REQUEST_SECONDS, request_timeout=REQUEST_SECONDS
        )
        for one in missing:
            _settle(one, done[one.topic], KafkaError.TOPIC_ALREADY_EXISTS)  # a twin was quicker


def _grow(client: AdminClient, growing: list[Difference]) -> None:
    if growing:
        new = [NewPartitions(one.topic, int(one.wanted)) for one in growing]
        done = client.create_partitions(
            new, operation_timeout=REQUEST_SECONDS, request_timeout=REQUEST_SECONDS
        )
        for one in growing:
            _settle(one, done[one.topic])


def _alter(client: AdminClient, changes: list[Difference]) -> None:
    entries: dict[str, list[ConfigEntry]] = {}
    for one in changes:
        operation = AlterConfigOpType.SET
        entry = ConfigEntry(one.what, one.wanted, incremental_operation=operation)
        entries.setdefault(one.topic, []).append(entry)
    if entries:
        resources = [
            ConfigResource(ResourceType.TOPIC, name, incremental_configs=listed)
            for name, listed in entries.items()
        ]
        done = client.incremental_alter_configs(resources, request_timeout=REQUEST_SECONDS)
        by_topic = {resource.name: future for resource, future in done.items()}
        for one in changes:
            _settle(one, by_topic[one.topic])


def _settle(one: Difference, future: "Future[Any]", *fine: int) -> None:
    try:
        future.result()
    except KafkaException as exception:
        error = exception.args[0]
        if error.code() not in fine:
            is_gap = error.code() in (
                KafkaError._UNSUPPORTED_FEATURE,
                KafkaError.UNSUPPORTED_VERSION,
            )
            one.outcome = "unsupported" if is_gap else "refused"
            one.reason = "this broker cannot change it" if is_gap else error.str()
            return
    one.outcome = "done"


def _read_configs(client: AdminClient, names: Iterable[str]) -> dict[str, dict[str, str | None]]:
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    if not resources:
        return {}
    asked = client.describe_configs(resources, request_timeout=REQUEST_SECONDS)
    return {
        resource.name: {entry.name: entry.value for entry in _ask(future.result).values()}
        for resource, future in asked.items()
    }


def _ask(question: Callable[[], Any]) -> Any:
    try:
        return question()
    except KafkaException as error:
        raise UserError(f"Kafka does not tell its topics: {error.args[0].str()}") from None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
