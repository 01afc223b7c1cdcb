"""The project's rules in a running Prometheus, from a follower that falls behind to a message."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from collector_process import CollectorProcess, environment_of, page_view
from event_lanes import EventLane, click
from prometheus_server import Receiver, alertmanager, eventually, prometheus

BEHIND = 10_001  # one record more than R76 allows


@contextmanager
def command(events: EventLane, log: Path, *arguments: str) -> Iterator[None]:
    """`coursehouse` with these arguments, until the end of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "ingest.cli", *arguments],
            env=events.environment(),
            stdout=output,
            stderr=output,
        )
    try:
        yield
        assert process.poll() is None, log.read_text()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    assert process.returncode == 0, log.read_text()


def test_a_follower_that_falls_behind_is_told_to_the_team(
    events: EventLane, free_port: Callable[[], int], tmp_path: Path
) -> None:
    events.create("clicks")
    assert events.load("clicks").total == 0  # the tables are there
    ports = {f"coursehouse-{name}": free_port() for name in ("collector", "loads", "warehouse")}
    loads, state = str(ports["coursehouse-loads"]), str(ports["coursehouse-warehouse"])
    receiver = Receiver(free_port())
    collector = CollectorProcess(
        ports["coursehouse-collector"], tmp_path, environment_of(events.warehouse, tmp_path)
    )
    with ExitStack() as stack:
        stack.callback(collector.stop)
        collector.start()
        stack.enter_context(receiver.running())
        webhook = f"http://127.0.0.1:{receiver.port}/services/T/B/secret"
        port, log = stack.enter_context(alertmanager(tmp_path, free_port, webhook))
        server = stack.enter_context(prometheus(tmp_path, free_port, ports, port))
        # of one broker: the ends of other topics are left to other tests
        follow = ("load", "events", "--follow", "--topics", "clicks", "--metrics-port", loads)
        stack.enter_context(command(events, tmp_path / "loads.log", *follow))
        stack.enter_context(command(events, tmp_path / "state.log", "metrics", "--port", state))
        collector.track(page_view(), page_view(event_type=7))

        up = dict.fromkeys(ports, "up")
        assert eventually(lambda: server.targets() == up), server.targets()
        rejected = "coursehouse_collector_records_rejected_total"
        assert eventually(lambda: server.value(rejected)) == 1

        with events.connect() as blocker:
            blocker.execute("begin; lock table raw_events.clicks")
            events.produce("clicks", map(click, range(BEHIND)))
            firing = eventually(lambda: [_told(a) for a in server.firing() if _is_lag(a)])
            assert firing == [("clicks", "error", "More than 10000 records of a Kafka topic wait")]
            message = eventually(lambda: receiver.messages)
            assert message, log.read_text()
            blocker.execute("rollback")

        lag = 'sum(coursehouse_kafka_consumer_lag_records{job="coursehouse-loads"})'
        assert eventually(lambda: server.value(lag) == 0)
    (attachment,) = receiver.messages[0]["attachments"]
    assert attachment["title"].startswith("FIRING: More than 10000 records of a Kafka topic")
    assert "topic=clicks" in attachment["text"]
    assert events.value("select count(*) from raw_events.clicks") == BEHIND


def _is_lag(alert: dict[str, dict[str, str]]) -> bool:
    return alert["labels"]["alertname"] == "CoursehouseConsumerLag"


def _told(alert: dict[str, dict[str, str]]) -> tuple[str, str, str]:
    labels = alert["labels"]
    summary = alert["annotations"]["summary"].partition(" to be")[0]
    return labels["topic"], labels["severity"], summary
