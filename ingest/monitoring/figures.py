"""What one loading process counts and measures, for Prometheus and for `ops.metric_sample`."""

import math
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector

from ingest import metrics
from ingest.events.contracts import ERROR_CLASSES
from ingest.kafka.summary import Tally
from ingest.metrics import Metric
from ingest.warehouse.merge import Counts

WRITE_RECORDS = 1_000
WAITING_SAMPLES = 100_000
FOLDED = "partition"  # a label whose series are one in the samples: their sum


class Sample(NamedTuple):
    """A row of `ops.metric_sample`."""

    metric: str
    labels: dict[str, str]
    value: float
    sampled_at: datetime


class Figures:
    """The figures of one source. Loaders tell what happens; any thread may ask."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.registry = CollectorRegistry()
        self._rows = metrics.LOAD_ROWS.counter(self.registry)
        self._accepted = metrics.LOAD_ACCEPTED.counter(self.registry)
        self._dead_letters = metrics.LOAD_DEAD_LETTERS.counter(self.registry)
        self._failed = metrics.LOAD_FAILED_BATCHES.counter(self.registry).labels(source)
        self._last_success = metrics.LOAD_LAST_SUCCESS.gauge(self.registry)
        self._last_event = metrics.LOAD_LAST_EVENT.gauge(self.registry)
        self._batches = _Observed(metrics.LOAD_BATCH_SECONDS, self.registry)
        self._writes = _Observed(metrics.LOAD_WRITE_SECONDS, self.registry)
        self._delays = _Observed(metrics.LOAD_DELAY_SECONDS, self.registry)
        self._lock = threading.Lock()
        self._sampled: dict[tuple[str, ...], float] = {}
        self._taken: list[Sample] = []

    def register(self, collector: Collector) -> None:
        """Show what `collector` measures, too."""
        self.registry.register(collector)

    def expect(self, topics: Iterable[str]) -> None:
        """Show zeros for these topics: what begins with 1 has not grown, as Prometheus sees it."""
        for topic in topics:
            self._accepted.labels(self.source, topic)
            for error_class in ERROR_CLASSES:
                self._dead_letters.labels(self.source, topic, error_class)

    def batch(self, seconds: float) -> None:
        """A batch was read and committed within so many seconds."""
        self._batches.observe(seconds, self.source)

    @contextmanager
    def writing(self, records: int) -> Iterator[None]:
        """Around one COPY of so many records."""
        started = time.perf_counter()
        yield
        seconds = time.perf_counter() - started
        # whoever catches up writes much at once, which is not slow
        self._writes.observe(seconds / max(1, records / WRITE_RECORDS), self.source)

    def changed(self, rows: Counts) -> None:
        """Rows of raw tables were changed."""
        for change in ("inserted", "updated", "deleted"):
            self._rows.labels(self.source, change).inc(getattr(rows, change))

    def stored(self, tally: Tally) -> None:
        """Records became rows or dead letters."""
        for topic, accepted, rejected in tally:
            self._accepted.labels(self.source, topic).inc(accepted)
            for error_class, count in rejected.items():
                self._dead_letters.labels(self.source, topic, error_class).inc(count)

    def arrived(self, topic: str, produced_at: Iterable[datetime | None]) -> None:
        """Records that were produced then are committed now."""
        now = datetime.now(UTC)
        # a clock ahead of ours must not look like an event to come
        times = [min(moment, now) for moment in produced_at if moment is not None]
        if times:
            self._last_event.labels(topic).set(max(times).timestamp())
            self._delays.observe((now - min(times)).total_seconds(), topic)

    def succeeded(self) -> None:
        """Everything there was is stored, or one batch more."""
        self._last_success.labels(self.source).set_to_current_time()

    def failed(self) -> None:
        """A batch or the load failed."""
        self._failed.inc()

    def take(self) -> None:
        """Note what is, and what happened since the last call."""
        with self._lock:
            now = datetime.now(UTC)
            self._taken += [Sample(*sample, now) for sample in self._measure()]

    def hand_over(self) -> list[Sample]:
        """Everything that was noted until now, once."""
        self.take()
        with self._lock:
            taken, self._taken = self._taken, []
        return taken

    def take_back(self, samples: list[Sample]) -> None:
        """Keep what could not be stored for the next time; the newest, if it is too much."""
        with self._lock:
            self._taken = (samples + self._taken)[-WAITING_SAMPLES:]

    def _measure(self) -> Iterator[tuple[str, dict[str, str], float]]:
        for family in self.registry.collect():
            if family.type == "counter":
                for sample in family.samples:
                    if sample.name.endswith("_total") and (grown := self._growth(*sample[:3])):
                        yield family.name, sample.labels, grown
            elif family.type == "gauge":
                sums: defaultdict[tuple[tuple[str, str], ...], float] = defaultdict(float)
                for sample in family.samples:
                    labels = {k: v for k, v in sample.labels.items() if k != FOLDED}
                    sums[tuple(labels.items())] += sample.value
                for key, value in sums.items():
                    yield family.name, dict(key), value
        for observed in (self._batches, self._writes, self._delays):
            yield from observed.quantile()

    def _growth(self, name: str, labels: dict[str, str], value: float) -> float:
        key = (name, *labels.values())
        before, self._sampled[key] = self._sampled.get(key, 0.0), value
        return value - before


class _Observed:
    """A histogram, and what it was told since its quantile was asked for."""

    def __init__(self, metric: Metric, registry: CollectorRegistry) -> None:
        self._metric = metric
        self._histogram = metric.histogram(registry)
        self._recent: defaultdict[tuple[str, ...], list[float]] = defaultdict(list)

    def observe(self, seconds: float, *labels: str) -> None:
        self._histogram.labels(*labels).observe(seconds)
        self._recent[labels].append(seconds)

    def quantile(self) -> Iterator[tuple[str, dict[str, str], float]]:
        recent, self._recent = self._recent, defaultdict(list)
        for labels, observations in recent.items():
            observations.sort()
            value = observations[math.ceil(self._metric.quantile * len(observations)) - 1]
            yield self._metric.sample, dict(zip(self._metric.labels, labels, strict=True)), value
