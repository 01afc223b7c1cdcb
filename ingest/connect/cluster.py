"""A running Kafka Connect, by its REST interface."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import requests
from kafka_connect import KafkaConnect

from ingest.connect.declared import Connector
from ingest.errors import UserError
from ingest.settings import Settings

ANSWER_SECONDS = 10.0
REBALANCE_ATTEMPTS = 20  # workers agree anew for a while whenever a connector comes or goes
REBALANCE_SECONDS = 1.0
SHOWN_ERRORS = 5

Outcome = Literal["created", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class State:
    """How a declared connector is. `failure` is why a task, or the whole, does not run."""

    name: str
    state: str  # absent, or as Connect says: RUNNING, PAUSED, STOPPED, FAILED, UNASSIGNED
    tasks: int = 0
    running: int = 0
    failure: str | None = None

    @property
    def is_failed(self) -> bool:
        """Connect itself calls a connector running whose tasks have all failed."""
        return self.failure is not None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


class _Absent(UserError):
    """There is no such connector."""


class ConnectCluster:
    """Talks to the worker at `connect_url`; whatever it refuses is a `UserError`."""

    def __init__(self, settings: Settings) -> None:
        self.url = settings.connect_url.rstrip("/")
        self._client = KafkaConnect(self.url)
        if settings.connect_user is not None:
            password = settings.connect_password
            # not by its own argument, which no password with a colon survives
            self._client.auth = (
                settings.connect_user,
                password.get_secret_value() if password else "",
            )
        self._check()

    def apply(self, connector: Connector) -> Outcome:
        """Create it, or change what differs. `UserError` if its settings cannot work."""
        before = self.config(connector.name)
        if before == connector.wanted:
            return "unchanged"
        self._validate(connector)
        self._ask(lambda: self._client.update_connector(connector.name, connector.config))
        return "created" if before is None else "changed"

    def config(self, name: str) -> dict[str, str] | None:
        """Its settings, None if there is no such connector."""
        found: dict[str, str] | None = self._find(self._client.get_connector_config, name)
        return found

    def state(self, name: str) -> State:
        """How it is."""
        status: dict[str, Any] | None = self._find(self._client.get_connector_status, name)
        if status is None:
            return State(name, "absent")
        tasks = status["tasks"]
        running = [task for task in tasks if task["state"] == "RUNNING"]
        failed = [one for one in (status["connector"], *tasks) if one["state"] == "FAILED"]
        failure = _reason(failed[0].get("trace", "")) if failed else None
        return State(name, status["connector"]["state"], len(tasks), len(running), failure)

    def delete(self, name: str) -> bool:
        """Remove it; False if there was none."""
        if self.config(name) is None:
            return False
        self._ask(lambda: self._client.delete_connector(name))
        return True

    def _check(self) -> None:
        """A wrong address must not hang: the client itself waits for ever."""
        try:
            answer = requests.get(self.url, auth=self._client.auth, timeout=ANSWER_SECONDS)
        except requests.RequestException as error:
            kind = type(error).__name__
            raise UserError(
                f"Kafka Connect at {self.url} does not answer ({kind}): see COURSEHOUSE_CONNECT_URL"
            ) from None
        if answer.status_code in (401, 403):
            raise UserError(
                f"Kafka Connect at {self.url} refuses the login: see COURSEHOUSE_CONNECT_USER"
            )
        if "version" not in answer.text:
            raise UserError(f"what answers at {self.url} is not Kafka Connect")

    def _validate(self, connector: Connector) -> None:
        plugins = self._ask(self._client.list_connector_plugins)
        if connector.plugin not in {plugin["class"] for plugin in plugins}:
            raise UserError(
                f"{connector.name}: Kafka Connect does not have {connector.plugin};"
                " install that plugin in its plugin.path"
            )
        found = self._ask(
            lambda: self._client.validate_connector_config(connector.plugin, connector.wanted)
        )
        errors = [
            f"{one['value']['name']}: {' '.join(error.split())}"
            for one in found["configs"]
            for error in one["value"]["errors"]
        ]
        if errors:
            raise UserError(f"{connector.name}: {'; '.join(errors[:SHOWN_ERRORS])}")

    def _find(self, question: Callable[[str], Any], name: str) -> Any:
        """The answer about this connector, None if there is none."""
        try:
            return self._ask(lambda: question(name))
        except _Absent:
            return None

    def _ask(self, question: Callable[[], Any]) -> Any:
        """The answer. Waits while workers agree who does what (409)."""
        for attempt in range(REBALANCE_ATTEMPTS):
            try:
                return question()
            except requests.HTTPError as error:
                status = error.response.status_code
                if status == 404:
                    raise _Absent(f"Kafka Connect does not know it: {_message(error)}") from None
                if status != 409 or attempt == REBALANCE_ATTEMPTS - 1:
                    raise UserError(f"Kafka Connect refused: {_message(error)}") from None
            except requests.RequestException as error:
                raise UserError(f"Kafka Connect went away: {type(error).__name__}") from None
            time.sleep(REBALANCE_SECONDS)
        raise AssertionError("unreachable")


def _message(error: requests.HTTPError) -> str:
    try:
        return " ".join(str(error.response.json()["message"]).split())
    except (ValueError, KeyError):
        return f"status {error.response.status_code}"


def _reason(trace: str) -> str:
    """The innermost exception of a Java stack trace, in one line."""
    lines = [line.strip() for line in trace.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    return (causes or lines or ["no reason given"])[-1 if causes else 0].removeprefix("Caused by: ")
