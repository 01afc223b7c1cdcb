"""The topic registry: `seeds/kafka_topics.csv`, which dbt reads too."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ingest.errors import UserError
from ingest.settings import PROJECT_DIR

REGISTRY_FILE = PROJECT_DIR / "seeds" / "kafka_topics.csv"


class Topic(BaseModel):
    """One Kafka topic and the raw table it lands in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: str
    schema_name: Literal["raw_events", "raw_stripe", "raw_moodle"]
    table_name: str = Field(pattern=r"^[a-z][a-z_]*$")
    partitions: int = Field(ge=1)
    replication_factor: int = Field(ge=1)
    retention_ms: int = Field(ge=-1)
    cleanup_policy: Literal["delete", "compact"]
    contract: str
    person_field: str
    time_field: str
    is_public: bool
    raw_retention_days: int = Field(ge=1)
    warn_after_minutes: int = Field(ge=1)
    error_after_minutes: int = Field(ge=1)
    description: str

    @property
    def is_log(self) -> bool:
        """True if its table in `raw_events` has a row per record, by day of arrival.

        Events of Stripe have a table of another shape, `raw_stripe.events`; changes of Moodle's
        tables, which are not registered, go into the tables they are of.
        """
        return self.schema_name == "raw_events"


@cache
def topics() -> dict[str, Topic]:
    """Every topic by its name, in the order of the registry."""
    return read_topics(REGISTRY_FILE)


@cache
def logs() -> dict[str, Topic]:
    """Those of them that `is_log`."""
    return {name: topic for name, topic in topics().items() if topic.is_log}


def read_topics(file: Path) -> dict[str, Topic]:
    """The topics of a registry file. Raises `ValueError` where a row breaks its rules."""
    with file.open(encoding="utf8", newline="") as lines:
        rows = [Topic.model_validate(row) for row in csv.DictReader(lines)]
    return {row.topic: row for row in rows}


def choose(names: list[str], known: Mapping[str, Topic] | None = None) -> list[Topic]:
    """The named topics, all if none is named; `known`: of these only, not of every registered one.

    Raises `UserError` for a name that is not among them.
    """
    known = topics() if known is None else known
    for name in names:
        if name not in known:
            raise UserError(f"there is no topic {name}: choose from {', '.join(known)}")
    return [known[name] for name in names or known]


def listed(text: str) -> list[str]:
    """The names in a list separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]
