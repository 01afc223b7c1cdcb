"""What Prometheus may ask."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ingest.collector.limits import Backlog

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The collector's own registry; no label holds anything a client may choose freely."""

    def __init__(self, backlog: Backlog) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "coursehouse_collector_requests",
            "Requests answered.",
            ["endpoint", "status"],
            registry=self._registry,
        )
        self.accepted = Counter(
            "coursehouse_collector_records_accepted",
            "Records kept and acknowledged.",
            ["topic"],
            registry=self._registry,
        )
        self.rejected = Counter(
            "coursehouse_collector_records_rejected",
            "Records answered as rejected.",
            ["topic", "error_class"],
            registry=self._registry,
        )
        self.ack_seconds = Histogram(
            "coursehouse_collector_ack_seconds",
            "From a checked request to the sink's acknowledgement.",
            registry=self._registry,
            buckets=SECONDS,
        )
        backlog_bytes = Gauge(
            "coursehouse_collector_backlog_bytes",
            "Bytes of requests that are not answered yet.",
            registry=self._registry,
        )
        backlog_bytes.set_function(lambda: backlog.held)

    def render(self) -> bytes:
        """The text format."""
        return generate_latest(self._registry)
