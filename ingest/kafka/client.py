"""Clients of the Kafka cluster the settings name: consumer, producer, admin.

Each is handed out connected: a wrong address or login is one `UserError` within seconds, not a
stream of librdkafka's log lines. Those go to the logger `coursehouse.kafka`, which is silent until
somebody gives it a handler.
"""

import logging
import re
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from ingest.errors import UserError
from ingest.kafka.broker import EmbeddedBroker
from ingest.settings import EMBEDDED_KAFKA_PORT, Settings

ATTEMPT_SECONDS = (0.5, 1.0, 2.0, 4.0)  # a far cluster may need long for its metadata
LOGGER = logging.getLogger("coursehouse.kafka")
LOGGER.addHandler(logging.NullHandler())
LOGGER.propagate = False  # importing confluent_kafka.admin gives the root logger a handler

# waiting does not make these better
_FINAL = (KafkaError._AUTHENTICATION, KafkaError._RESOLVE, KafkaError._SSL)
_CONSUMER: dict[str, Any] = {
    "group.id": "coursehouse",
    "enable.auto.commit": False,  # positions are kept in Postgres, with the rows (law 4)
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",  # never skip what retention took away without a word
}
_PRODUCER: dict[str, Any] = {
    "acks": "all",
    "enable.idempotence": True,
    "linger.ms": 5,
    "compression.type": "lz4",
    "delivery.timeout.ms": 30_000,
}

_Client = TypeVar("_Client", Consumer, Producer, AdminClient)


def embedded_broker(settings: Settings) -> EmbeddedBroker:
    """The embedded broker these settings describe; `UserError` if they contradict each other."""
    if settings.kafka_security_protocol not in (None, "PLAINTEXT") or settings.kafka_sasl_username:
        raise UserError(
            "COURSEHOUSE_KAFKA_SECURITY_PROTOCOL and _SASL_USERNAME are for your own cluster: "
            "set COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS too, or unset them"
        )
    return EmbeddedBroker(settings.home_dir, settings.kafka_port or EMBEDDED_KAFKA_PORT)


def consumer(settings: Settings, **overrides: Any) -> Consumer:
    """A connected consumer without assignment. `overrides` are librdkafka's properties."""
    return _connected(settings, Consumer, {**_CONSUMER, **overrides})


def producer(settings: Settings, **overrides: Any) -> Producer:
    """A connected idempotent producer; a record is safe once its delivery report says so."""
    return _connected(settings, Producer, {**_PRODUCER, **overrides})


def admin(settings: Settings, **overrides: Any) -> AdminClient:
    """A connected admin client."""
    return _connected(settings, AdminClient, {**overrides})


def configuration(settings: Settings) -> dict[str, Any]:
    """librdkafka's properties for these settings. Contains secrets: do not log it."""
    servers = bootstrap_servers(settings)
    username, password = settings.kafka_sasl_username, settings.kafka_sasl_password
    protocol = settings.kafka_security_protocol or ("SASL_SSL" if username else "PLAINTEXT")
    if protocol.startswith("SASL") and (username is None or password is None):
        raise UserError(
            f"{protocol} needs COURSEHOUSE_KAFKA_SASL_USERNAME and COURSEHOUSE_KAFKA_SASL_PASSWORD"
        )
    is_sasl, is_tls = protocol.startswith("SASL"), protocol.endswith("SSL")
    key_password = settings.kafka_ssl_key_password
    given = {
        "bootstrap.servers": servers,
        "client.id": "coursehouse",
        "security.protocol": protocol,
        "sasl.mechanisms": settings.kafka_sasl_mechanism if is_sasl else None,
        "sasl.username": username if is_sasl else None,
        "sasl.password": password.get_secret_value() if is_sasl and password else None,
        "ssl.ca.location": settings.kafka_ssl_ca_location if is_tls else None,
        "ssl.certificate.location": settings.kafka_ssl_certificate_location if is_tls else None,
        "ssl.key.location": settings.kafka_ssl_key_location if is_tls else None,
        "ssl.key.password": key_password.get_secret_value() if is_tls and key_password else None,
        "socket.connection.setup.timeout.ms": 5_000,
        "socket.keepalive.enable": True,
    }
    return {
        name: value if isinstance(value, (bool, int)) else str(value)
        for name, value in given.items()
        if value is not None
    }


def bootstrap_servers(settings: Settings) -> str:
    """Addresses of the cluster; `UserError` if none is named or the embedded broker is down."""
    if settings.kafka_bootstrap_servers is not None:
        return settings.kafka_bootstrap_servers
    if not settings.is_broker_embedded:
        raise UserError("no Kafka is named: set COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS to yours")
    return embedded_broker(settings).bootstrap_servers


def _connected(
    settings: Settings, kind: Callable[..., _Client], properties: dict[str, Any]
) -> _Client:
    errors: deque[KafkaError] = deque(maxlen=20)  # a client may live for weeks
    told: Callable[[KafkaError], object] | None = properties.pop("error_cb", None)

    def note(error: KafkaError) -> None:
        errors.append(error)
        LOGGER.warning("%s", error.str())
        if told is not None:
            told(error)

    config = {**configuration(settings), **properties, "error_cb": note}
    try:
        client = kind(config, logger=LOGGER)
    except KafkaException as error:
        reason = error.args[0].str().rpartition("Failed to create ")[2]
        raise UserError(f"COURSEHOUSE_KAFKA_* cannot be used: {reason}") from None
    said = _await_answer(client, errors)
    if said is not None:
        raise _unreachable(settings, config["security.protocol"], said)
    return client


def _await_answer(client: Any, errors: deque[KafkaError]) -> KafkaError | None:
    """None once the cluster has told its metadata, else what stands against it."""
    reason: KafkaError | None = None
    for seconds in ATTEMPT_SECONDS:
        try:
            client.list_topics(timeout=seconds)
            return None
        except KafkaException as error:
            reason = error.args[0]
        client.poll(0)  # hands over what `errors` collects
        for noted in errors:
            if noted.code() in _FINAL:
                return noted
    telling = [e for e in errors if e.code() != KafkaError._ALL_BROKERS_DOWN]
    return telling[-1] if telling else reason


def _unreachable(settings: Settings, protocol: str, error: KafkaError) -> UserError:
    servers = settings.kafka_bootstrap_servers or "127.0.0.1 (the embedded broker)"
    reason = re.sub(r"^\S+/bootstrap: | \(after \d+ms in state \w+\)$", "", error.str())
    if error.code() == KafkaError._AUTHENTICATION:
        return UserError(
            f"Kafka at {servers} refused the login by {protocol}: {reason}"
            " (see COURSEHOUSE_KAFKA_SASL_*)"
        )
    return UserError(
        f"Kafka at {servers} does not answer by {protocol}: {reason} (see COURSEHOUSE_KAFKA_*)"
    )
