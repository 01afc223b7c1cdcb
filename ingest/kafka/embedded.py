"""The embedded broker as `up`, `down` and the demo use it."""

from collections.abc import Callable

from ingest.events.topics import topics
from ingest.kafka.admin import apply_topics
from ingest.kafka.broker import NoBroker
from ingest.kafka.client import embedded_broker
from ingest.settings import Settings

Say = Callable[[str], object]


def start_broker(settings: Settings, say: Say) -> None:
    """Start the embedded broker, if there is one to start, and create the registered topics.

    Where there is no broker for this platform that is said, and everything else goes on. A cluster
    of the user's own is left alone.
    """
    if not settings.is_broker_embedded:
        return
    broker = embedded_broker(settings)
    try:
        is_new = broker.up()
    except NoBroker as reason:
        say(str(reason))
        return
    apply_topics(settings, list(topics().values()))
    state = "is running" if is_new else "was running already"
    say(f"the Kafka broker {state} on {broker.bootstrap_servers}")


def stop_broker(settings: Settings, say: Say, is_deleted: bool = False) -> None:
    """Stop the embedded broker, if there is one, and say that what it held is gone."""
    if not settings.is_broker_embedded:
        return
    broker = embedded_broker(settings)
    if broker.down():
        say("the Kafka broker is stopped: it held its records in memory, those not loaded are gone")
    if is_deleted:
        broker.delete()


def has_kafka(settings: Settings) -> bool:
    """Whether there is a Kafka to read: the user's own, or the embedded one, running."""
    return settings.kafka_bootstrap_servers is not None or has_embedded_kafka(settings)


def has_embedded_kafka(settings: Settings) -> bool:
    """Whether the embedded broker of these settings runs."""
    return settings.is_broker_embedded and embedded_broker(settings).find() is not None
