"""`topics apply` and `topics list` on the embedded broker and on Apache Kafka itself."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from confluent_kafka import KafkaError, TopicPartition
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from kafka_broker import settings_for
from real_kafka import RealKafka
from typer.testing import CliRunner, Result

from ingest import cli
from ingest.errors import UserError
from ingest.events.topics import Topic, topics
from ingest.kafka import admin as admin_module
from ingest.kafka.admin import Difference, TopicState, apply_topics, compare, read_states
from ingest.kafka.broker import EmbeddedBroker
from ingest.kafka.client import admin, consumer, producer
from ingest.kafka.embedded import start_broker
from ingest.settings import Settings

ALL = list(topics().values())


def coursehouse(settings: Settings, *arguments: str) -> Result:
    servers = settings.kafka_bootstrap_servers
    return CliRunner().invoke(
        cli.app, arguments, env={"COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS": servers}
    )


def states(settings: Settings, wanted: list[Topic]) -> dict[str, TopicState | None]:
    return read_states(admin(settings), wanted)[0]


def outcomes(found: list[Difference]) -> list[tuple[str, str, str]]:
    return [(one.topic, one.what, one.outcome) for one in found]


def renamed(prefix: str, **others: object) -> Topic:
    """A topic of the registry under a name of its own: the real cluster serves all tests."""
    return topics()["quiz"].model_copy(update={"topic": f"{prefix}.quiz", **others})


# ---------- the embedded broker


def test_every_registered_topic_is_created_and_a_second_run_finds_nothing_to_do(
    broker_settings: Settings,
) -> None:
    created = apply_topics(broker_settings, ALL)
    assert outcomes(created) == [(topic.topic, "topic", "done") for topic in ALL]
    for topic in ALL:
        state = states(broker_settings, ALL)[topic.topic]
        assert state is not None
        assert (state.partitions, state.replication) == (topic.partitions, 1)
        assert state.config["retention.ms"] == str(topic.retention_ms)
        assert state.config["cleanup.policy"] == topic.cleanup_policy
    assert apply_topics(broker_settings, ALL) == []


def test_a_dry_run_says_the_same_and_changes_nothing(broker_settings: Settings) -> None:
    found = apply_topics(broker_settings, ALL, is_dry_run=True)
    assert outcomes(found) == [(topic.topic, "topic", "open") for topic in ALL]
    assert set(states(broker_settings, ALL).values()) == {None}


def test_two_that_apply_at_once_do_not_disturb_each_other(broker_settings: Settings) -> None:
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda _: apply_topics(broker_settings, ALL), range(2)))
    assert {one.outcome for found in both for one in found} == {"done"}
    assert apply_topics(broker_settings, ALL) == []


def test_what_the_broker_cannot_do_is_said_and_the_rest_is_done(broker_settings: Settings) -> None:
    quiz, video = topics()["quiz"], topics()["video"]
    apply_topics(broker_settings, [quiz])
    changed = quiz.model_copy(update={"partitions": 6, "retention_ms": 1000})
    found = apply_topics(broker_settings, [changed, video])
    assert outcomes(found) == [
        ("quiz", "partitions", "unsupported"),
        ("quiz", "retention.ms", "done"),
        ("video", "topic", "done"),
    ]


def test_the_commands_say_what_differs(broker_settings: Settings) -> None:
    first = coursehouse(broker_settings, "topics", "apply", "--topics", "quiz", "--json")
    assert first.exit_code == 0
    assert json.loads(first.stdout)[0] | {"reason": None} == {
        "topic": "quiz",
        "what": "topic",
        "found": None,
        "wanted": "4 partitions, 1 replica",
        "outcome": "done",
        "reason": None,
    }
    again = coursehouse(broker_settings, "topics", "apply", "--dry-run")
    assert "1 of 13 topics were as registered" in again.stdout
    assert "user.events: create with 6 partitions, 1 replica" in again.stdout
    listed = json.loads(coursehouse(broker_settings, "topics", "list", "--json").stdout)
    assert [row["topic"] for row in listed if row["exists"]] == ["quiz"]
    shown = coursehouse(broker_settings, "topics", "list").stdout
    assert shown.count("missing") == 12
    unknown = coursehouse(broker_settings, "topics", "apply", "--topics", "quizz")
    assert isinstance(unknown.exception, UserError)


def test_fewer_partitions_and_missing_replicas_are_left_to_people() -> None:
    quiz = topics()["quiz"]
    config = {"retention.ms": str(quiz.retention_ms), "cleanup.policy": "delete"}
    large = TopicState(partitions=8, replication=1, config=config)
    assert outcomes(compare(quiz, large, brokers=3)) == [
        ("quiz", "partitions", "kept"),
        ("quiz", "replication", "kept"),
    ]
    assert outcomes(compare(quiz, large, brokers=1)) == [("quiz", "partitions", "kept")]


def test_of_three_copies_two_must_be_written_where_there_are_three() -> None:
    quiz = topics()["quiz"]
    config = {"retention.ms": str(quiz.retention_ms), "cleanup.policy": "delete"}
    safe = TopicState(quiz.partitions, 3, config | {"min.insync.replicas": "2"})
    assert compare(quiz, safe, brokers=3) == []
    default = TopicState(quiz.partitions, 3, config | {"min.insync.replicas": "1"})
    assert [str(one) for one in compare(quiz, default, brokers=3)] == [
        "open        quiz: min.insync.replicas 1 -> 2"
    ]
    # the copies it has decide: with fewer, nobody could write while a broker is missing
    few = TopicState(quiz.partitions, 2, config | {"min.insync.replicas": "1"})
    assert outcomes(compare(quiz, few, brokers=3)) == [("quiz", "replication", "kept")]


def test_the_embedded_broker_takes_its_topics_from_up(broker: EmbeddedBroker) -> None:
    embedded = Settings(home=broker.home, kafka_port=broker.port, kafka_bootstrap_servers=None)
    said: list[str] = []
    start_broker(embedded, said.append)
    assert said == [f"the Kafka broker was running already on 127.0.0.1:{broker.port}"]
    assert apply_topics(settings_for(broker.bootstrap_servers), ALL) == []


# ---------- Apache Kafka


def test_kafka_itself_is_brought_in_line_and_grows(real_kafka: RealKafka) -> None:
    topic = renamed("grow", partitions=2, retention_ms=1000)
    assert outcomes(apply_topics(real_kafka.settings, [topic])) == [("grow.quiz", "topic", "done")]
    assert apply_topics(real_kafka.settings, [topic]) == []
    changed = topic.model_copy(update={"partitions": 5, "retention_ms": 2000})
    assert outcomes(apply_topics(real_kafka.settings, [changed])) == [
        ("grow.quiz", "partitions", "done"),
        ("grow.quiz", "retention.ms", "done"),
    ]
    assert apply_topics(real_kafka.settings, [changed]) == []
    state = states(real_kafka.settings, [changed])["grow.quiz"]
    assert state is not None
    assert (state.partitions, state.config["retention.ms"]) == (5, "2000")


def test_kafka_takes_how_many_copies_must_be_written(
    real_kafka: RealKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = renamed("insync")
    apply_topics(real_kafka.settings, [topic])
    assert insync(real_kafka, topic) == "1"
    monkeypatch.setattr(admin_module, "REPLICAS_FOR_TWO", 1)  # the cluster has one broker
    assert outcomes(apply_topics(real_kafka.settings, [topic])) == [
        ("insync.quiz", "min.insync.replicas", "done")
    ]
    assert insync(real_kafka, topic) == "2"
    made_so = renamed("insync.new")
    apply_topics(real_kafka.settings, [made_so])
    assert insync(real_kafka, made_so) == "2"


def insync(cluster: RealKafka, topic: Topic) -> str | None:
    state = states(cluster.settings, [topic])[topic.topic]
    assert state is not None
    return state.config["min.insync.replicas"]


def test_a_setting_that_nobody_manages_here_is_left_alone(real_kafka: RealKafka) -> None:
    topic = renamed("alone")
    apply_topics(real_kafka.settings, [topic])
    entry = ConfigEntry("max.message.bytes", "123456", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic.topic, incremental_configs=[entry])
    client = admin(real_kafka.settings)
    for done in client.incremental_alter_configs([resource]).values():
        done.result()
    apply_topics(real_kafka.settings, [topic.model_copy(update={"retention_ms": 5000})])
    state = states(real_kafka.settings, [topic])[topic.topic]
    assert state is not None
    assert state.config["max.message.bytes"] == "123456"


def test_what_kafka_refuses_is_said_and_the_rest_is_done(
    real_kafka: RealKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = renamed("refused", cleanup_policy="nonsense")
    right = renamed("accepted")
    monkeypatch.setattr("ingest.kafka.commands.choose", lambda names: [wrong, right])
    result = coursehouse(real_kafka.settings, "topics", "apply")
    assert "refused     refused.quiz: create with 4 partitions, 1 replica (" in result.stdout
    assert "done        accepted.quiz" in result.stdout
    assert isinstance(result.exception, UserError)
    assert str(result.exception) == "Kafka refused changes of refused.quiz"


def test_a_login_over_tls_works_and_a_wrong_one_ends_in_one_line(real_kafka: RealKafka) -> None:
    topic = renamed("login")
    assert outcomes(apply_topics(real_kafka.login(), [topic])) == [("login.quiz", "topic", "done")]
    with pytest.raises(UserError, match=r"refused the login by SASL_SSL: .*[Aa]uthentication"):
        admin(real_kafka.login(password="wrong"))
    stranger = real_kafka.login().model_copy(update={"kafka_ssl_ca_location": None})
    with pytest.raises(UserError, match=r"does not answer by SASL_SSL: .*certificate"):
        admin(stranger)


def test_records_and_watermarks_of_kafka_itself(real_kafka: RealKafka) -> None:
    topic = renamed("records", partitions=1)
    apply_topics(real_kafka.settings, [topic])
    out = producer(real_kafka.settings)
    for number in range(100):
        out.produce(topic.topic, str(number).encode(), key=b"42")
    assert out.flush(30) == 0
    reader = consumer(real_kafka.settings)
    reader.assign([TopicPartition(topic.topic, 0, 40)])
    records = reader.consume(60, timeout=30)
    assert [record.value() for record in records] == [str(n).encode() for n in range(40, 100)]
    assert reader.get_watermark_offsets(TopicPartition(topic.topic, 0), timeout=10) == (0, 100)
    reader.assign([TopicPartition(topic.topic, 0, 1000)])
    [beyond] = reader.consume(1, timeout=30)
    error = beyond.error()
    assert error is not None and error.code() == KafkaError._AUTO_OFFSET_RESET
    reader.close()
