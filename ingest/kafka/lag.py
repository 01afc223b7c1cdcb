"""How many records are still to be read, by the positions that are stored."""

import threading
from collections.abc import Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ingest.kafka.positions import Move, Partition
from ingest.kafka.reader import Reader
from ingest.metrics import LAG_RECORDS


class Lag(Collector):
    """Asks the cluster when it is asked itself. A partition whose end nobody says is left out."""

    def __init__(self, reader: Reader) -> None:
        self._reader: Reader | None = reader
        self._stored: dict[Partition, int | None] = {}
        self._last: dict[Partition, int] = {}
        self._lock = threading.Lock()

    def begin(self, positions: Mapping[Partition, int | None]) -> None:
        """These partitions are read from here; None: from their earliest record."""
        self._stored = dict(positions)

    def moved(self, moves: Mapping[Partition, Move]) -> None:
        """Positions were stored."""
        self._stored |= {partition: move.next_offset for partition, move in moves.items()}

    def freeze(self) -> None:
        """Measure for the last time: what `close` leaves to be asked for."""
        with self._lock:
            self._last = self._measure()

    def close(self) -> None:
        """The reader is about to leave."""
        with self._lock:
            self._reader = None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(LAG_RECORDS.name, LAG_RECORDS.help, labels=LAG_RECORDS.labels)
        with self._lock:
            lags = self._measure()
        for (topic, number), records in sorted(lags.items()):
            family.add_metric([topic, str(number)], records)
        yield family

    def _measure(self) -> dict[Partition, int]:
        if self._reader is None:
            return self._last
        stored = dict(self._stored)
        ends = self._reader.ends(list(stored))
        unread = [partition for partition in ends if stored[partition] is None]
        firsts = self._reader.firsts(unread) if unread else {}
        lags = {}
        for partition, end in ends.items():
            position = stored[partition]
            lags[partition] = max(
                0, end - (firsts.get(partition, 0) if position is None else position)
            )
        return lags
