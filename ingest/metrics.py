"""Every metric of Coursehouse, named once: for Prometheus, and for `ops.metric_sample`.

Names follow Prometheus: base units (seconds, bytes, ratios of 1), `_total` for what only grows. A
sample in the warehouse is always a gauge: what is measured as it is; of a counter, by how much it
grew; of a histogram, one quantile; both of the load or the minute it tells of.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

# a threshold of seeds/alert_rules.csv is a bound of its histogram, so that it is judged exactly
WRITES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
BATCHES = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400)
DELAYS = (1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 14400, 86400)


@dataclass(frozen=True, slots=True)
class Metric:
    """What a number is. `where`: the process that knows it first.

    `warehouse` metrics are read from tables by `coursehouse metrics`. `sample_name` is set where a
    sample is called otherwise, `quantile` is the one that a sample of a histogram tells.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    where: Literal["collector", "load", "warehouse"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    quantile: float = 1
    sample_name: str = ""

    @property
    def sample(self) -> str:
        """Name of its samples in `ops.metric_sample`."""
        return self.sample_name or self.name.removesuffix("_total")

    @property
    def is_sampled(self) -> bool:
        """True if there are such samples; the collector and what is read from tables have none."""
        return self.where == "load"

    def counter(self, registry: CollectorRegistry) -> Counter:
        """Count in `registry`."""
        return Counter(self.name, self.help, self.labels, registry=registry)

    def gauge(self, registry: CollectorRegistry) -> Gauge:
        """Measure in `registry`."""
        return Gauge(self.name, self.help, self.labels, registry=registry)

    def histogram(self, registry: CollectorRegistry) -> Histogram:
        """Observe in `registry`."""
        return Histogram(self.name, self.help, self.labels, registry=registry, buckets=self.buckets)


COLLECTOR_REQUESTS = Metric(
    "coursehouse_collector_requests_total",
    "counter",
    "collector",
    "Requests answered, by status.",
    ("endpoint", "status"),
)
COLLECTOR_REQUEST_SECONDS = Metric(
    "coursehouse_collector_request_duration_seconds",
    "histogram",
    "collector",
    "From the head of a request to the end of its answer.",
    ("endpoint",),
    WRITES,
)
COLLECTOR_IN_PROGRESS = Metric(
    "coursehouse_collector_requests_in_progress",
    "gauge",
    "collector",
    "Requests that are not answered yet.",
)
COLLECTOR_BACKLOG = Metric(
    "coursehouse_collector_backlog_bytes",
    "gauge",
    "collector",
    "Bytes of requests that are not answered yet.",
)
COLLECTOR_ACCEPTED = Metric(
    "coursehouse_collector_records_accepted_total",
    "counter",
    "collector",
    "Records kept and acknowledged.",
    ("topic",),
)
COLLECTOR_REJECTED = Metric(
    "coursehouse_collector_records_rejected_total",
    "counter",
    "collector",
    "Records answered as rejected, by the reason's class.",
    ("topic", "error_class"),
)
COLLECTOR_ACK_SECONDS = Metric(
    "coursehouse_collector_ack_seconds",
    "histogram",
    "collector",
    "From a checked request to the sink's acknowledgement.",
    ("sink",),
    WRITES,
    quantile=0.99,
    sample_name="coursehouse_write_p99_seconds",
)
COLLECTOR_SINK_ERRORS = Metric(
    "coursehouse_collector_sink_errors_total",
    "counter",
    "collector",
    "Requests whose records the sink did not keep: unavailable (503) or refused (500).",
    ("sink", "reason"),
    sample_name="coursehouse_failed_batches",
)

LOAD_ROWS = Metric(
    "coursehouse_load_rows_total",
    "counter",
    "load",
    "Rows of raw tables that a load inserted, updated or marked deleted.",
    ("source", "change"),
)
LOAD_ACCEPTED = Metric(
    "coursehouse_load_records_accepted_total",
    "counter",
    "load",
    "Records of a topic that kept their contract and are stored.",
    ("source", "topic"),
)
LOAD_DEAD_LETTERS = Metric(
    "coursehouse_dead_letters_total",
    "counter",
    "load",
    "Records of a topic that became dead letters, by error class.",
    ("source", "topic", "error_class"),
)
LOAD_BATCH_SECONDS = Metric(
    "coursehouse_batch_duration_seconds",
    "histogram",
    "load",
    "From the first read of a batch to its commit; a load that is no stream is one batch.",
    ("source",),
    BATCHES,
    sample_name="coursehouse_batch_seconds",
)
LOAD_WRITE_SECONDS = Metric(
    "coursehouse_write_duration_seconds",
    "histogram",
    "load",
    "One COPY of records into one table; of more than 1,000, the time for 1,000 of them.",
    ("source",),
    WRITES,
    quantile=0.99,
    sample_name="coursehouse_write_p99_seconds",
)
LOAD_FAILED_BATCHES = Metric(
    "coursehouse_failed_batches_total",
    "counter",
    "load",
    "Batches and loads that failed; a batch is read again.",
    ("source",),
)
LOAD_LAST_SUCCESS = Metric(
    "coursehouse_last_success_timestamp_seconds",
    "gauge",
    "load",
    "When a load last stored something or found nothing more to store.",
    ("source",),
)
LOAD_LAST_EVENT = Metric(
    "coursehouse_last_event_timestamp_seconds",
    "gauge",
    "load",
    "When the newest stored record of a topic was produced.",
    ("topic",),
)
LOAD_DELAY_SECONDS = Metric(
    "coursehouse_record_delay_seconds",
    "histogram",
    "load",
    "From when a record was produced to its commit, of the oldest record of a batch and topic.",
    ("topic",),
    DELAYS,
    sample_name="coursehouse_record_delay_max_seconds",
)
LAG_RECORDS = Metric(
    "coursehouse_kafka_consumer_lag_records",
    "gauge",
    "load",
    "Records of a partition behind the stored position.",
    ("topic", "partition"),
)
VOLUME_USED = Metric(
    "coursehouse_topic_disk_ratio",
    "gauge",
    "load",
    "Used part of the warehouse's disk, and of the memory that holds the embedded broker's topics.",
    ("volume",),
)

WAREHOUSE_UP = Metric(
    "coursehouse_warehouse_up", "gauge", "warehouse", "1 if the warehouse answers, else 0."
)
WAREHOUSE_BYTES = Metric(
    "coursehouse_warehouse_size_bytes", "gauge", "warehouse", "Size of the warehouse's database."
)
DEAD_LETTERS_OPEN = Metric(
    "coursehouse_dead_letters_open",
    "gauge",
    "warehouse",
    "Dead letters that were not replayed.",
    ("topic", "error_class"),
)
BUILD_LAST = Metric(
    "coursehouse_build_last_timestamp_seconds",
    "gauge",
    "warehouse",
    "When the last dbt build ended.",
)
BUILD_SECONDS = Metric(
    "coursehouse_build_duration_seconds", "gauge", "warehouse", "How long a dbt build took."
)
BUILD_FAILURES = Metric(
    "coursehouse_build_failures",
    "gauge",
    "warehouse",
    "Models and tests that failed in a dbt build.",
)
TEST_FAILURES = Metric(
    "coursehouse_test_failures",
    "gauge",
    "warehouse",
    "Data tests whose latest result is a failure, by severity.",
    ("severity",),
)
SOURCE_AGE = Metric(
    "coursehouse_source_age_seconds",
    "gauge",
    "warehouse",
    "Since a source was last loaded, or a running stream last heard of.",
    ("source", "lane"),
)
MISSING_PARTITIONS = Metric(
    "coursehouse_missing_partitions",
    "gauge",
    "warehouse",
    "Days of a topic for which records were expected and none came.",
    ("topic",),
)
DEAD_LETTER_RATIO = Metric(
    "coursehouse_dead_letter_ratio",
    "gauge",
    "warehouse",
    "Part of today's records of a topic that broke their contract.",
    ("topic",),
)
AVAILABILITY = Metric(
    "coursehouse_availability_ratio",
    "gauge",
    "warehouse",
    "Part of the last 30 days in which a component was up.",
    ("component",),
)
ALERTS_OPEN = Metric(
    "coursehouse_alerts_open",
    "gauge",
    "warehouse",
    "Alerts of ops.alert_event that are open.",
    ("rule", "severity"),
)


def metrics() -> Iterator[Metric]:
    """Every metric, in the order of this file."""
    return (value for value in globals().values() if isinstance(value, Metric))


def metric(name: str) -> Metric:
    """The metric of this name. Raises `KeyError`."""
    return {one.name: one for one in metrics()}[name]
