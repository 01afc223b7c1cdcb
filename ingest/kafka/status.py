"""What `coursehouse status` tells of the event lane.

No lag and no watermarks: the embedded broker tells wrong ones. What counts is what arrived.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ingest.errors import UserError
from ingest.events.topics import topics
from ingest.settings import Settings

POSITIONS = (
    "select topic, partition, base_offset + coalesce(next_offset, 0) as next_offset"
    " from ops.kafka_position order by 1, 2"
)


@dataclass
class TopicStatus:
    """A registered topic. `partitions` is None where the cluster has none, or is silent."""

    partitions: int | None = None
    positions: dict[int, int] = field(default_factory=dict)  # partition -> records passed, ever
    rows: int | None = None  # of its raw table


@dataclass
class KafkaStatus:
    """The cluster the settings name, and its topics."""

    running: bool
    embedded: bool
    bootstrap_servers: str | None = None
    detail: str | None = None
    topics: dict[str, TopicStatus] = field(default_factory=dict)


def kafka_status(settings: Settings) -> KafkaStatus | None:
    """Ask the cluster; None if the settings name none. One that is silent is a status."""
    from ingest.kafka import client  # the client library is loaded only by those who need it

    if settings.kafka_bootstrap_servers is None and not settings.is_broker_embedded:
        return None
    status = KafkaStatus(running=False, embedded=settings.is_broker_embedded)
    status.topics = {name: TopicStatus() for name in topics()}
    try:
        status.bootstrap_servers = client.bootstrap_servers(settings)
        known = client.admin(settings).list_topics(timeout=10).topics
    except UserError as error:
        status.detail = str(error)
        return status
    status.running = True
    for name, topic in status.topics.items():
        if name in known:
            topic.partitions = len(known[name].partitions)
    return status


def add_arrivals(
    status: KafkaStatus,
    positions: Iterable[Mapping[str, Any]],
    rows: Mapping[str, Mapping[str, int | None]],
) -> None:
    """Add how far each topic was read (rows of `POSITIONS`), and the rows of its raw table.

    `rows`: of each table by schema.
    """
    for row in positions:
        if row["topic"] in status.topics:
            status.topics[row["topic"]].positions[row["partition"]] = row["next_offset"]
    for name, topic in status.topics.items():
        registered = topics()[name]
        topic.rows = rows.get(registered.schema_name, {}).get(registered.table_name)


def render_kafka(status: KafkaStatus) -> RenderableType:
    """The same for people."""
    if not status.running:
        return Text(status.detail or "Kafka does not answer")
    kind = "embedded, in memory" if status.embedded else "your own cluster"
    table = Table("topic", "partitions", "position", "rows", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, topic in status.topics.items():
        partitions = "none" if topic.partitions is None else str(topic.partitions)
        rows = "?" if topic.rows is None else f"{topic.rows:,}"
        table.add_row(name, partitions, f"{sum(topic.positions.values()):,}", rows)
    return Group(Text(f"Kafka ({kind}), {status.bootstrap_servers}"), table)
