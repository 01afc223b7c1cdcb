"""What can be loaded from Kafka: events of the registry, and changes of Moodle's tables."""

from collections.abc import Callable
from dataclasses import dataclass

from ingest.events.topics import Topic, choose
from ingest.moodle.changes import change_topic


@dataclass(frozen=True, slots=True)
class Feed:
    """Whose loads these are in the manifest, the commands people are told of, and its topics.

    `choose` gives the topics for names somebody wrote, all for none.
    """

    source: str
    command: str
    creation: str
    choose: Callable[[list[str]], list[Topic]]


EVENTS = Feed("events", "coursehouse load events", "coursehouse topics apply", choose)


def changes(prefix: str) -> Feed:
    """Changes of the Moodle whose tables have this prefix: loads of Moodle like any other."""
    return Feed(
        "moodle",
        "coursehouse load changes",
        "coursehouse connect apply",
        lambda names: [change_topic(prefix)],
    )
