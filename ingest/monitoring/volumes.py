"""How full is what holds the data, as far as this machine can tell.

The embedded Postgres fills the file system of its data directory, the embedded broker the memory of
the machine. What servers of the user's own fill, only their own exporters know.
"""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ingest.errors import UserError
from ingest.kafka.embedded import has_embedded_kafka
from ingest.metrics import VOLUME_USED
from ingest.postgres import embedded
from ingest.settings import Settings

MEMORY = Path("/proc/meminfo")


class Volumes(Collector):
    """Measures when asked; what cannot be measured is left out."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(VOLUME_USED.name, VOLUME_USED.help, labels=VOLUME_USED.labels)
        with suppress(OSError, KeyError, UserError):
            if self._settings.is_embedded:
                directory = embedded(self._settings).data_directory
                family.add_metric(["warehouse_disk"], _disk_used(directory))
        with suppress(OSError, KeyError, UserError):
            if has_embedded_kafka(self._settings):
                family.add_metric(["broker_memory"], _memory_used())
        yield family


def _disk_used(directory: Path) -> float:
    """Like df: what only root may fill counts as neither used nor free."""
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    usage = shutil.disk_usage(existing)
    return usage.used / (usage.used + usage.free)


def _memory_used() -> float:
    lines = (line.split() for line in MEMORY.read_text().splitlines())
    kibibytes = {name.rstrip(":"): int(value) for name, value, *_ in lines}
    return 1 - kibibytes["MemAvailable"] / kibibytes["MemTotal"]
