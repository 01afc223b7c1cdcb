"""The connectors that `ingest/connect/*.json` declares.

A file is what Kafka Connect gets, but for `{tables}`, `{secrets}` and `{topics}`, which come from
the lists that loads use. Secrets are named, not written: Connect itself resolves `${env:...}`.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingest.errors import UserError
from ingest.events.topics import logs
from ingest.moodle.spec import SECRET_COLUMNS, TableSpec, read_spec

FOLDER = Path(__file__).parent
_SECRET = re.compile(r"password|passphrase|secret|token|credential|jaas|access\.key", re.IGNORECASE)
_REFERENCE = re.compile(r"\$\{\w+:[^}]+\}")


class Connector(BaseModel):
    """One connector: its name, and its settings as Kafka Connect takes them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    config: dict[str, str]

    @property
    def plugin(self) -> str:
        """The class that runs it."""
        return self.config["connector.class"]

    @property
    def wanted(self) -> dict[str, str]:
        """Its settings as Connect tells them, where the name is one of them."""
        return self.config | {"name": self.name}


def declared(prefix: str, folder: Path = FOLDER) -> dict[str, Connector]:
    """All of them by name, for a Moodle whose tables have this prefix.

    Raises `UserError` naming a file that is no connector, or that holds a secret.
    """
    spec = read_spec()
    lists = {
        "{tables}": _pattern(prefix, _captured(spec)),
        "{secrets}": ",".join(_hidden_columns(prefix, spec)),
        "{topics}": ",".join(logs()),
    }
    found = {}
    for file in sorted(folder.glob("*.json")):
        connector = _read(file)
        _check_secrets(file, connector)
        filled = {key: lists.get(value, value) for key, value in connector.config.items()}
        found[connector.name] = Connector(name=connector.name, config=filled)
    return found


def chosen(names: Iterable[str], known: dict[str, Connector]) -> list[Connector]:
    """The named ones. `UserError` for a name that is not among them."""
    for name in names:
        if name not in known:
            raise UserError(f"there is no connector {name}: choose from {', '.join(known)}")
    return [known[name] for name in names]


def _read(file: Path) -> Connector:
    try:
        connector = Connector.model_validate(json.loads(file.read_text()))
    except (ValueError, ValidationError) as error:
        raise UserError(f"{file.name} is no connector: {' '.join(str(error).split())}") from None
    if connector.name != file.stem or "connector.class" not in connector.config:
        raise UserError(f"{file.name} must name itself, and its connector.class")
    return connector


def _check_secrets(file: Path, connector: Connector) -> None:
    for key, value in connector.config.items():
        if _SECRET.search(key) and not _REFERENCE.fullmatch(value):
            raise UserError(
                f"{file.name}: {key} must not be written down: name a variable of Kafka Connect's"
                " environment, ${env:COURSEHOUSE_CONNECT_...}"
            )


def _captured(spec: dict[str, TableSpec]) -> list[str]:
    # of some tables only some rows may be read, which Debezium cannot tell apart
    return [name for name, table in spec.items() if table.only is None]


def _hidden_columns(prefix: str, spec: dict[str, TableSpec]) -> list[str]:
    """Patterns of columns that must not leave Moodle's database."""
    everywhere = "|".join(sorted(SECRET_COLUMNS))
    patterns = [rf"[^.]+\.{re.escape(prefix)}[^.]+\.({everywhere})"]
    for name in _captured(spec):
        if columns := sorted(spec[name].exclude - SECRET_COLUMNS):
            patterns.append(rf"{_pattern(prefix, [name])}\.({'|'.join(columns)})")
    return patterns


def _pattern(prefix: str, tables: list[str]) -> str:
    """As Debezium names tables: behind their schema (Postgres) or database (MySQL)."""
    return rf"[^.]+\.{re.escape(prefix)}({'|'.join(tables)})"
