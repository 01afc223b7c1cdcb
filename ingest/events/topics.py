"""The topic registry: `seeds/kafka_topics.csv`, which dbt reads too."""

import csv
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


@cache
def topics() -> dict[str, Topic]:
    """Every topic by its name, in the order of the registry."""
    return read_topics(REGISTRY_FILE)


def read_topics(file: Path) -> dict[str, Topic]:
    """The topics of a registry file. Raises `ValueError` where a row breaks its rules."""
    with file.open(encoding="utf8", newline="") as lines:
        rows = [Topic.model_validate(row) for row in csv.DictReader(lines)]
    return {row.topic: row for row in rows}


def choose(names: list[str]) -> list[Topic]:
    """The named topics, all if none is named. `UserError` for a name that is not registered."""
    known = topics()
    for name in names:
        if name not in known:
            raise UserError(f"there is no topic {name}: choose from {', '.join(known)}")
    return [known[name] for name in names or known]


def listed(text: str) -> list[str]:
    """The names in a list separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]
