"""What loads measure, keep in the warehouse and show."""

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Producer
from event_lanes import EventLane, click
from kafka_broker import settings_for
from prometheus_client.parser import text_string_to_metric_families

from ingest import metrics
from ingest.errors import UserError
from ingest.kafka.broker import EmbeddedBroker
from ingest.kafka.lag import Lag
from ingest.kafka.positions import Move
from ingest.kafka.reader import Reader
from ingest.kafka.summary import Tally
from ingest.monitoring.exporter import state_text
from ingest.monitoring.figures import Figures
from ingest.monitoring.measure import _Sampler, measured
from ingest.monitoring.volumes import Volumes
from ingest.settings import Settings
from ingest.warehouse.merge import Counts

SAMPLES = "select labels, value from ops.metric_sample where metric = %s order by sample_id"


def test_a_load_keeps_what_it_measured(events: EventLane) -> None:
    events.create("clicks", partitions=2)
    for number in range(20):  # a batch each: the embedded broker tells the end of the last but one
        events.produce("clicks", [click(number)], partition=number % 2)
    events.produce("clicks", [b"{", b"{}"])
    assert events.invoke("load", "events", "--topics", "clicks").exit_code == 0

    def samples(metric: metrics.Metric) -> list[tuple[dict[str, str], float]]:
        return events.read(SAMPLES, metric.sample)

    (before, at_first), (after, at_last) = samples(metrics.LAG_RECORDS)
    assert before == after == {"topic": "clicks"}  # both partitions together
    assert 20 < at_first <= 22 and at_last == 0
    source = {"source": "events"}
    assert samples(metrics.LOAD_ACCEPTED) == [({**source, "topic": "clicks"}, 20)]
    assert samples(metrics.LOAD_ROWS) == [({**source, "change": "inserted"}, 20)]
    letters = {str(labels["error_class"]): n for labels, n in samples(metrics.LOAD_DEAD_LETTERS)}
    assert letters == {"not_json": 1, "contract": 1}
    for metric in (metrics.LOAD_BATCH_SECONDS, metrics.LOAD_WRITE_SECONDS):
        ((labels, seconds),) = samples(metric)
        assert labels == source and seconds > 0
    ((labels, produced_at),) = samples(metrics.LOAD_LAST_EVENT)
    assert labels == {"topic": "clicks"} and 0 <= time.time() - produced_at < 3600
    assert samples(metrics.LOAD_FAILED_BATCHES) == []
    runs = events.read("select source, status, error_class from ops.load_run")
    assert runs == [("events", "ok", None)]


def test_a_load_that_fails_is_known_by_the_class_of_its_error(
    events: EventLane, tmp_path: Path
) -> None:
    events.create("clicks")
    assert events.load("clicks").total == 0  # the tables are there
    for _ in range(2):
        failed = events.invoke("load", "moodle", metrics_textfile_dir=tmp_path)
        assert isinstance(failed.exception, UserError)
    runs = events.read("select source, status, error_class from ops.load_run")
    assert runs == [("moodle", "failed", "UserError")] * 2
    assert events.read(SAMPLES, "coursehouse_failed_batches") == [({"source": "moodle"}, 1)] * 2
    assert 'coursehouse_failed_batches_total{source="moodle"} 2.0' in _lines(tmp_path)
    assert "coursehouse_last_success_timestamp_seconds" not in "".join(_lines(tmp_path))


def test_the_textfile_is_what_prometheus_takes(events: EventLane, tmp_path: Path) -> None:
    events.create("clicks")
    events.produce("clicks", [click(1), b"{"])
    assert events.invoke("load", "events", metrics_textfile_dir=tmp_path).exit_code == 0
    assert [file.name for file in tmp_path.glob("coursehouse*")] == ["coursehouse.prom"]
    lines = _lines(tmp_path)
    assert 'coursehouse_dead_letters_open{error_class="not_json",topic="clicks"} 1.0' in lines
    assert 'coursehouse_kafka_consumer_lag_records{topic="clicks"} 0.0' in lines
    # what a load added is no state
    assert not any(line.startswith("coursehouse_load_rows") for line in lines)
    _check("\n".join(lines) + "\n")


def test_a_following_load_serves_what_prometheus_takes(
    events: EventLane, free_port: Callable[[], int]
) -> None:
    figures = Figures("events")
    figures.expect(["clicks"])
    figures.failed()
    figures.succeeded()
    figures.batch(2.0)
    figures.changed(Counts(1, 2, 3))
    _check(_text(figures))


def test_a_directory_for_the_textfile_has_to_be_one(events: EventLane, tmp_path: Path) -> None:
    failed = events.invoke("load", "moodle", metrics_textfile_dir=tmp_path / "none")
    assert str(failed.exception).startswith("COURSEHOUSE_METRICS_TEXTFILE_DIR is not usable")


def test_a_port_that_is_taken_ends_a_load_before_it_begins(
    events: EventLane, free_port: Callable[[], int]
) -> None:
    port = free_port()
    with (
        measured(events.settings(), "events", events.said.append, port=port),
        pytest.raises(UserError, match=f"port {port}: .* --metrics-port"),
        measured(events.settings(), "events", events.said.append, port=port),
    ):
        pass


def test_what_was_measured_while_the_warehouse_was_down_is_kept_later(
    events: EventLane, free_port: Callable[[], int]
) -> None:
    events.create("clicks")
    assert events.load("clicks").total == 0  # the tables are there
    figures = Figures("events")
    figures.failed()
    down = events.settings(pg_port=free_port())
    assert "cannot connect" in (_Sampler(down, figures).keep() or "")
    figures.failed()
    assert "cannot connect" in (_Sampler(down, figures).keep() or "")
    assert _Sampler(events.settings(), figures).keep() is None
    assert events.read(SAMPLES, "coursehouse_failed_batches") == [({"source": "events"}, 1)] * 2
    assert _Sampler(events.settings(), figures).keep() is None  # nothing twice
    assert len(events.read(SAMPLES, "coursehouse_failed_batches")) == 2


def test_a_load_does_not_fail_for_what_cannot_be_kept(
    events: EventLane, free_port: Callable[[], int]
) -> None:
    with measured(events.settings(pg_port=free_port()), "events", events.said.append):
        pass
    (said,) = events.said
    assert said.startswith("what was measured is not kept: cannot connect")


def test_samples_go_after_a_month_but_failures_stay(events: EventLane) -> None:
    events.create("clicks")
    assert events.load("clicks").total == 0  # the tables are there
    with events.connect() as conn:
        for metric, days in (("gone", 31), ("kept", 29), ("coursehouse_failed_batches", 31)):
            conn.execute(
                "insert into ops.metric_sample (metric, labels, value, written_at)"
                ' values (%s, \'{"source": "fx"}\', 1, now() - make_interval(days => %s))',
                [metric, days],
            )
    assert _Sampler(events.settings(), Figures("fx")).keep() is None
    kept = events.read("select metric from ops.metric_sample order by 1")
    assert kept == [("coursehouse_failed_batches",), ("kept",)]


def test_the_state_of_the_warehouse_is_its_newest_samples(events: EventLane) -> None:
    events.create("clicks")
    assert events.load("clicks").total == 0  # the tables are there
    with events.connect() as conn:
        conn.execute(
            """
            insert into ops.metric_sample (metric, labels, value, sampled_at) values
            ('coursehouse_batch_seconds', '{"source": "fx"}', 7, now() - interval '1 hour'),
            ('coursehouse_batch_seconds', '{"source": "fx"}', 9, now() - interval '2 hours'),
            ('coursehouse_batch_seconds', '{"source": "moodle"}', 5, now() - interval '2 days'),
            (
                'coursehouse_last_success_timestamp_seconds', '{"source": "moodle"}', 11,
                now() - interval '2 days'
            ),
            ('coursehouse_write_p99_seconds', '{"source": "files"}', 0.5, now())
            """
        )
    lines = state_text(events.settings()).splitlines()
    assert [line for line in lines if line.startswith("coursehouse_batch_seconds{")] == [
        'coursehouse_batch_seconds{source="fx"} 7.0'  # and nothing of the day before yesterday
    ]
    assert 'coursehouse_last_success_timestamp_seconds{source="moodle"} 11.0' in lines
    assert 'coursehouse_write_p99_seconds{source="files"} 0.5' in lines
    assert "coursehouse_warehouse_up 1.0" in lines


def test_a_warehouse_that_is_down_is_a_state(
    events: EventLane, free_port: Callable[[], int]
) -> None:
    text = state_text(events.settings(pg_port=free_port()))
    assert text.splitlines()[-1] == "coursehouse_warehouse_up 0.0"


def test_a_sample_of_a_histogram_is_its_quantile() -> None:
    figures = Figures("events")
    for milliseconds in range(1, 201):
        figures.batch(milliseconds / 1000)
        figures._writes.observe(milliseconds / 1000, "events")
    samples = {sample.metric: sample.value for sample in figures.hand_over()}
    assert samples["coursehouse_batch_seconds"] == 0.2
    assert samples["coursehouse_write_p99_seconds"] == 0.198
    again = {sample.metric for sample in figures.hand_over()}
    assert not again & {"coursehouse_batch_seconds", "coursehouse_write_p99_seconds"}


def test_a_large_write_counts_by_the_thousand_records(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = Figures("events")
    clock = iter([0.0, 0.5, 10.0, 10.5])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    with figures.writing(20_000):
        pass
    assert _values(figures, "coursehouse_write_p99_seconds") == [0.025]
    with figures.writing(10):
        pass
    assert _values(figures, "coursehouse_write_p99_seconds") == [0.5]


def test_a_counter_is_sampled_by_what_it_grew() -> None:
    figures = Figures("events")
    figures.expect(["quiz"])
    for accepted in (3, 4):
        tally = Tally()
        tally.add("quiz", accepted)
        figures.stored(tally)
        assert _values(figures, "coursehouse_load_records_accepted") == [accepted]
    assert _values(figures, "coursehouse_dead_letters") == []  # nothing grew


def test_a_load_that_is_interrupted_has_failed(events: EventLane) -> None:
    events.create("clicks")
    assert events.load("clicks").total == 0  # the tables are there
    with (
        pytest.raises(KeyboardInterrupt),
        measured(events.settings(), "moodle", events.said.append, is_batch=True),
    ):
        raise KeyboardInterrupt
    runs = events.read("select status, error_class from ops.load_run")
    assert runs == [("failed", "KeyboardInterrupt")]


def test_lag_is_what_is_behind_the_stored_positions(mock_cluster: str) -> None:
    producer = Producer({"bootstrap.servers": mock_cluster, "log_level": 0})
    for number in range(100):
        producer.produce("quiz", b"{}", partition=number % 2)
    assert producer.flush(10) == 0
    reader = Reader(settings_for(mock_cluster))
    lag = Lag(reader)
    lag.begin({("quiz", 0): 10, ("quiz", 1): None, ("quiz", 99): 5})
    assert _lags(lag) == {("quiz", "0"): 40, ("quiz", "1"): 50}
    lag.moved({("quiz", 1): Move(None, 47)})
    assert _lags(lag) == {("quiz", "0"): 40, ("quiz", "1"): 3}
    lag.freeze()
    lag.close()
    reader.close()
    assert _lags(lag) == {("quiz", "0"): 40, ("quiz", "1"): 3}


def test_fill_levels_are_of_what_this_machine_holds(broker: EmbeddedBroker, tmp_path: Path) -> None:
    embedded = Settings(home=broker.home, kafka_port=broker.port)
    levels = _levels(embedded)
    assert set(levels) == {"warehouse_disk", "broker_memory"}
    disk = levels["warehouse_disk"]
    shown = subprocess.run(
        ["/bin/df", "--output=pcent", broker.home], capture_output=True, text=True, check=True
    )
    percent = int(shown.stdout.split()[-1].rstrip("%"))
    assert percent - 1.5 <= disk * 100 <= percent + 0.5  # df rounds up, others write meanwhile
    assert 0 < levels["broker_memory"] < 1
    assert set(_levels(Settings(home=tmp_path))) == {"warehouse_disk"}  # no broker runs
    own = Settings(pg_host="db.example.org", kafka_bootstrap_servers="kafka.example.org:9092")
    assert _levels(own) == {}


def _levels(settings: Settings) -> dict[str, float]:
    (family,) = Volumes(settings).collect()
    return {sample.labels["volume"]: sample.value for sample in family.samples}


def _values(figures: Figures, metric: str) -> list[float]:
    return [sample.value for sample in figures.hand_over() if sample.metric == metric]


def _lags(lag: Lag) -> dict[tuple[str, str], float]:
    (family,) = lag.collect()
    return {(s.labels["topic"], s.labels["partition"]): s.value for s in family.samples}


def _lines(directory: Path) -> list[str]:
    return (directory / "coursehouse.prom").read_text().splitlines()


def _text(figures: Figures) -> str:
    from prometheus_client import generate_latest

    return generate_latest(figures.registry).decode()


def _check(text: str) -> None:
    """Prometheus' own linter finds nothing, and its parser every metric by its name."""
    families = {family.name for family in text_string_to_metric_families(text)}
    assert families
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool of Debian's package prometheus")
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
