"""The warehouse's own tables as Prometheus metrics, for those whose loads come and go."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import write_to_textfile
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from ingest import metrics
from ingest.errors import UserError
from ingest.metrics import Metric
from ingest.monitoring.serve import serving
from ingest.postgres import connect
from ingest.processes import LOOPBACK
from ingest.settings import Settings
from ingest.signals import stop_on_signals

# Newest sample of every series: from one to the next in the index, not over a month of samples.
# What was measured more than a day ago is no news, except when something happened last.
_NEWEST = """
with recursive series as (
    (select metric, labels from ops.metric_sample order by metric, labels limit 1)
    union all
    select next_one.metric, next_one.labels
    from series
    cross join lateral (
        select metric, labels from ops.metric_sample
        where (metric, labels) > (series.metric, series.labels)
        order by metric, labels limit 1
    ) as next_one
)
select series.metric, series.labels, newest.value
from series
cross join lateral (
    select value, sampled_at from ops.metric_sample
    where metric = series.metric and labels = series.labels
    order by sampled_at desc limit 1
) as newest
where
    newest.sampled_at > now() - interval '1 day'
    or series.metric like '%%timestamp_seconds'
"""
_OBSERVATIONS = "select metric, labels, value from ops.current_metric"
_FAILED = """
select labels ->> 'source', sum(value) from ops.metric_sample where metric = %s group by 1
"""
_DEAD_LETTERS = """
select topic, error_class, count(*)
from raw_events.dead_letter where replayed_at is null group by 1, 2
"""
_BUILD = "select extract(epoch from max(completed_at))::float8 from ops.build_run"
_ALERTS = """
select rule, severity, count(*) from ops.alert_event where state = 'firing' group by 1, 2
"""
_SIZE = "select pg_database_size(current_database())"

INCREASES = {one.sample for one in metrics.metrics() if one.kind == "counter"}
TEXTFILE = "coursehouse.prom"
Say = Callable[[str], object]
Connect = Callable[[], AbstractContextManager[psycopg.Connection]]


class WarehouseState(Collector):
    """Reads it when asked. A warehouse that does not answer is a metric, too."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        try:
            with self._connect() as conn:
                families = list(_state(conn))
        except (UserError, psycopg.Error):
            families = []
        yield _family(metrics.WAREHOUSE_UP, [((), 1 if families else 0)])
        yield from families


def state_text(settings: Settings) -> str:
    """What Prometheus would read now."""
    return generate_latest(_registry(settings)).decode()


def write_textfile(settings: Settings, directory: Path) -> None:
    """Write the same for node_exporter, whole or not at all. Raises `OSError`."""
    write_to_textfile(str(directory / TEXTFILE), _registry(settings))


def serve_state(settings: Settings, port: int, say: Say) -> None:
    """Serve it until SIGINT or SIGTERM. Raises `UserError` if the port cannot be served."""
    with serving(_registry(settings), port), stop_on_signals() as is_stopped:
        say(f"metrics at http://{LOOPBACK}:{port}/metrics")
        while not is_stopped():
            time.sleep(0.1)


def _registry(settings: Settings) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(WarehouseState(partial(connect, settings)))
    return registry


def _state(conn: psycopg.Connection) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
    yield _family(metrics.WAREHOUSE_BYTES, [((), *row) for row in _rows(conn, _SIZE)])
    yield from _measured(conn)
    failed = CounterMetricFamily(
        metrics.LOAD_FAILED_BATCHES.name, metrics.LOAD_FAILED_BATCHES.help, labels=["source"]
    )
    for source, count in _rows(conn, _FAILED, metrics.LOAD_FAILED_BATCHES.sample):
        failed.add_metric([source], count)
    yield failed
    dead_letters = _rows(conn, _DEAD_LETTERS)
    yield _family(metrics.DEAD_LETTERS_OPEN, [(labels, n) for *labels, n in dead_letters])
    yield _family(metrics.BUILD_LAST, [((), at) for (at,) in _rows(conn, _BUILD) if at])
    if _exists(conn, "ops.alert_event"):
        alerts = _rows(conn, _ALERTS)
        yield _family(metrics.ALERTS_OPEN, [(labels, n) for *labels, n in alerts])


def _measured(conn: psycopg.Connection) -> Iterator[GaugeMetricFamily]:
    """The newest samples that are gauges, and what the models of ops tell now."""
    found = _rows(conn, _NEWEST)
    if _exists(conn, "ops.current_metric"):
        found += _rows(conn, _OBSERVATIONS)
    series = {(name, *sorted(labels.items())): (labels, value) for name, labels, value in found}
    helps = {one.sample: one.help for one in metrics.metrics()}
    families: dict[str, GaugeMetricFamily] = {}
    for (name, *_), (labels, value) in series.items():
        if name not in INCREASES:
            family = GaugeMetricFamily(name, helps.get(name, "As ops.metric_sample has it."))
            families.setdefault(name, family).samples.append(Sample(name, labels, value))
    yield from families.values()


def _exists(conn: psycopg.Connection, relation: str) -> bool:
    return _rows(conn, "select to_regclass(%s) is not null", relation) == [(True,)]


def _family(metric: Metric, values: Iterable[tuple[Iterable[str], float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in values:
        family.add_metric(list(labels), value)
    return family


def _rows(conn: psycopg.Connection, query: LiteralString, *parameters: Any) -> list[Any]:
    return conn.execute(query, parameters or None).fetchall()
