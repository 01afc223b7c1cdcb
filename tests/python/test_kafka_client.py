"""Clients: what users get wrong ends in one line, and no secret shows."""

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from kafka_broker import settings_for

from ingest.errors import UserError
from ingest.kafka.broker import EmbeddedBroker
from ingest.kafka.client import LOGGER, admin, configuration, consumer, producer
from ingest.settings import Settings, load_settings

CLIENTS = [consumer, producer, admin]


@pytest.mark.parametrize("connect", CLIENTS)
def test_a_wrong_port_ends_in_one_line_and_nothing_is_printed(
    connect: object, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.kafka.client.ATTEMPT_SECONDS", (0.5,))
    with pytest.raises(UserError, match=r"127\.0\.0\.1:1 does not answer.*Connection refused"):
        connect(settings_for("127.0.0.1:1"))  # type: ignore[operator]
    assert capfd.readouterr() == ("", "")


def test_a_wrong_name_ends_in_one_line() -> None:
    with pytest.raises(UserError, match=r"nowhere\.invalid:9092 does not answer.*resolve"):
        admin(settings_for("nowhere.invalid:9092"))


def test_a_cluster_that_speaks_another_protocol_ends_in_one_line(
    broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.kafka.client.ATTEMPT_SECONDS", (0.5,))
    tls = settings_for(broker.bootstrap_servers, kafka_security_protocol="SSL")
    with pytest.raises(UserError, match=r"does not answer by SSL: .*COURSEHOUSE_KAFKA_"):
        producer(tls)


@pytest.mark.parametrize("connect", CLIENTS)
def test_a_refused_login_ends_in_one_line_without_the_password(
    connect: object,
    broker: EmbeddedBroker,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(LOGGER, "handlers", [caplog.handler])
    login = settings_for(
        broker.bootstrap_servers,
        kafka_security_protocol="SASL_PLAINTEXT",
        kafka_sasl_username="key",
        kafka_sasl_password="s3cr3t",
    )
    with pytest.raises(UserError, match=r"refused the login by SASL_PLAINTEXT") as refused:
        connect(login)  # type: ignore[operator]
    shown = f"{refused.value}{login!r}{caplog.text}{capfd.readouterr()}"
    assert "handshake failed" in caplog.text
    assert "s3cr3t" not in shown


def test_a_username_means_an_encrypted_login() -> None:
    login = settings_for("kafka:9092", kafka_sasl_username="key", kafka_sasl_password="s3cr3t")
    config = configuration(login)
    assert config["security.protocol"] == "SASL_SSL"
    assert (config["sasl.mechanisms"], config["sasl.password"]) == ("PLAIN", "s3cr3t")


def test_settings_that_cannot_work_are_said_before_anything_connects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    half = settings_for("kafka:9092", kafka_security_protocol="SASL_SSL")
    with pytest.raises(UserError, match="SASL_SSL needs COURSEHOUSE_KAFKA_SASL_USERNAME"):
        admin(half)
    odd = settings_for("kafka:9092", kafka_security_protocol="SSL", kafka_ssl_ca_location=__file__)
    with pytest.raises(UserError, match=r"COURSEHOUSE_KAFKA_\* cannot be used: .*ssl\.ca"):
        admin(odd)
    monkeypatch.setenv("COURSEHOUSE_KAFKA_SSL_CA_LOCATION", "/nowhere.pem")
    with pytest.raises(UserError, match="COURSEHOUSE_KAFKA_SSL_CA_LOCATION is not usable"):
        load_settings()
    monkeypatch.undo()
    embedded = Settings(kafka_sasl_username="key")
    with pytest.raises(UserError, match="set COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS too"):
        admin(embedded)
    own_postgres = Settings(pg_host="db.example.org")
    with pytest.raises(UserError, match="no Kafka is named"):
        admin(own_postgres)


def test_a_position_that_retention_took_away_is_an_error_and_not_a_silent_jump(
    mock_cluster: str,
) -> None:
    settings = settings_for(mock_cluster)
    out = producer(settings)
    out.produce("quiz", b"{}", partition=0)
    assert out.flush(10) == 0
    reader = consumer(settings)
    reader.assign([TopicPartition("quiz", 0, 1000)])
    record = reader.poll(10)
    reader.close()
    error = record.error() if record is not None else None
    assert error is not None and error.code() == KafkaError._AUTO_OFFSET_RESET


def test_watermarks_and_lag_are_right_on_a_cluster_that_tells_them(mock_cluster: str) -> None:
    settings = settings_for(mock_cluster)
    out: Producer = producer(settings)
    for _ in range(100):
        out.produce("quiz", b"{}", partition=0)
    assert out.flush(10) == 0
    reader: Consumer = consumer(settings)
    assert reader.get_watermark_offsets(TopicPartition("quiz", 0), timeout=10) == (0, 100)
    reader.close()
