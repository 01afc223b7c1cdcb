"""Embedded brokers of the tests' own: each in memory, on a port and in a directory of its own."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from ingest.kafka.broker import EmbeddedBroker
from ingest.settings import Settings


@pytest.fixture(scope="session")
def new_broker(free_port: Callable[[], int]) -> Iterator[Callable[[], EmbeddedBroker]]:
    """Starts an empty broker at every call (it takes a tenth of a second); all end at the end."""
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-kafka-"))
    brokers: list[EmbeddedBroker] = []

    def start() -> EmbeddedBroker:
        broker = EmbeddedBroker(directory / str(len(brokers)), free_port())
        brokers.append(broker)
        broker.up()
        return broker

    yield start
    for broker in brokers:
        broker.delete()
    shutil.rmtree(directory)


@pytest.fixture
def broker(new_broker: Callable[[], EmbeddedBroker]) -> Iterator[EmbeddedBroker]:
    """An empty running broker for this test alone: topics have the registry's names."""
    own = new_broker()
    yield own
    own.down()


@pytest.fixture
def broker_settings(broker: EmbeddedBroker) -> Settings:
    """Settings that name the test's broker as a user's own cluster, so that any home will do."""
    return settings_for(broker.bootstrap_servers)


def settings_for(bootstrap_servers: str, **others: object) -> Settings:
    """Settings for a cluster, whatever the environment says."""
    given = {"kafka_bootstrap_servers": bootstrap_servers, **others}
    return Settings.model_validate(given)


@pytest.fixture
def mock_cluster() -> Iterator[str]:
    """Address of librdkafka's own mock cluster, for what the embedded broker does not know.

    Lag, watermarks and positions out of range are right there; topics make themselves.
    """
    keeper = Producer({"bootstrap.servers": "mock:1", "test.mock.num.brokers": 1})
    host = next(iter(keeper.list_topics(timeout=10).brokers.values()))
    yield f"{host.host}:{host.port}"
    del keeper
