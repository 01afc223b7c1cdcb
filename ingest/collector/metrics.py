"""What Prometheus may ask the collector."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, generate_latest

from ingest import metrics
from ingest.collector.limits import Backlog
from ingest.collector.problems import Problem, Unavailable

UNAVAILABLE, REFUSED = "unavailable", "refused"


class Metrics:
    """The collector's own registry; no label holds anything a client may choose freely."""

    def __init__(self, backlog: Backlog, sink: str) -> None:
        self._registry = CollectorRegistry()
        self.requests = metrics.COLLECTOR_REQUESTS.counter(self._registry)
        self.request_seconds = metrics.COLLECTOR_REQUEST_SECONDS.histogram(self._registry)
        self.in_progress = metrics.COLLECTOR_IN_PROGRESS.gauge(self._registry)
        self.accepted = metrics.COLLECTOR_ACCEPTED.counter(self._registry)
        self.rejected = metrics.COLLECTOR_REJECTED.counter(self._registry)
        ack_seconds = metrics.COLLECTOR_ACK_SECONDS.histogram(self._registry)
        self._ack_seconds = ack_seconds.labels(sink)
        errors = metrics.COLLECTOR_SINK_ERRORS.counter(self._registry)
        # zeros now: what begins with 1 has not grown, as Prometheus sees it
        self._errors = {reason: errors.labels(sink, reason) for reason in (UNAVAILABLE, REFUSED)}
        backlog_bytes = metrics.COLLECTOR_BACKLOG.gauge(self._registry)
        backlog_bytes.set_function(lambda: backlog.held)

    @contextmanager
    def storing(self) -> Iterator[None]:
        """Around the wait for the sink: how long it took, or why it failed."""
        started = time.perf_counter()
        try:
            yield
        except Problem as problem:
            reason = UNAVAILABLE if isinstance(problem, Unavailable) else REFUSED
            self._errors[reason].inc()
            raise
        self._ack_seconds.observe(time.perf_counter() - started)

    def render(self) -> bytes:
        """The text format."""
        return generate_latest(self._registry)
