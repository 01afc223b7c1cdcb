"""`coursehouse load events`: Kafka topics into raw tables, each record exactly once."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import psycopg

from ingest.errors import UserError
from ingest.events import raw
from ingest.events.topics import Topic
from ingest.kafka.feeds import EVENTS, Feed
from ingest.kafka.lag import Lag
from ingest.kafka.outage import Outage, connection, sentence
from ingest.kafka.positions import UNREAD, Conflict, Partition, forget, named, read_positions, renew
from ingest.kafka.reader import Batch, Reader, TopicState
from ingest.kafka.store import Store, now
from ingest.kafka.summary import Tally
from ingest.monitoring.figures import Figures
from ingest.postgres import connect
from ingest.settings import Settings
from ingest.warehouse.bootstrap import bootstrap

DISCOVER_SECONDS = 10.0  # how soon following sees new topics and partitions
PROGRESS_SECONDS = 10.0
SILENCE_SECONDS = 60.0
PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
MAX_DOUBTS = 3  # before a fault that comes back at once counts as an outage
SHOWN_PARTITIONS = 5

Say = Callable[[str], None]


def load_events(
    settings: Settings,
    say: Say,
    names: list[str] | None = None,
    *,
    follow: bool = False,
    from_earliest: bool = False,
    is_stopped: Callable[[], bool] = lambda: False,
    figures: Figures | None = None,
    feed: Feed = EVENTS,
) -> Tally:
    """Load the topics `names` of `feed` (all for None) up to their present ends, or `follow` them.

    `from_earliest` goes on with what is left where Kafka dropped records before they were read.
    Ends after the batch in hand once `is_stopped`. `figures` are told what happens. Returns what
    was stored. Raises `UserError` with one clear sentence; what was stored before stays and is not
    read again.
    """
    topics = feed.choose(names or [])
    with connect(settings) as conn:
        conn.autocommit = True
        try:
            bootstrap(conn)
        except psycopg.Error as error:
            raise UserError(sentence(error)) from error
    figures = figures or Figures(feed.source)
    figures.expect(topic.topic for topic in topics)
    reader = Reader(settings)
    lag = Lag(reader)
    figures.register(lag)
    try:
        return _Load(
            settings, feed, topics, reader, say, follow, from_earliest, is_stopped, figures, lag
        ).run()
    finally:
        lag.close()
        reader.close()


@dataclass(frozen=True, slots=True)
class _Work:
    """A batch, told apart by contract, and when its reading began."""

    started_at: datetime
    batch: Batch
    rows: dict[Topic, raw.Sorted]


class _Load:
    """One run. Whatever goes wrong, the next attempt begins where the warehouse says."""

    def __init__(
        self,
        settings: Settings,
        feed: Feed,
        topics: Sequence[Topic],
        reader: Reader,
        say: Say,
        follow: bool,
        from_earliest: bool,
        is_stopped: Callable[[], bool],
        figures: Figures,
        lag: Lag,
    ) -> None:
        self.settings = settings
        self.feed = feed
        self.topics = {topic.topic: topic for topic in topics}
        self.reader = reader
        self.say = say
        self.follow = follow
        self.from_earliest = from_earliest
        self.is_stopped = is_stopped
        self.figures = figures
        self.lag = lag
        self.tally = Tally()
        self.cluster: dict[str, TopicState] = {}
        self.missing: list[str] = []
        self.discovered_at = 0.0
        self.said_at = time.monotonic()
        self.said_total = 0
        self.outages = self.doubts = 0  # in a row, without success in between
        self.has_twin = False

    def run(self) -> Tally:
        is_finished = False
        while not is_finished and not self.is_stopped():
            try:
                with connection(self.settings) as conn:
                    while not is_finished and not self.is_stopped():
                        is_finished = self._load(conn)
            except (Outage, psycopg.OperationalError) as error:
                self._pause_after(error)
            except psycopg.Error as error:
                raise UserError(sentence(error)) from error
        if not self.outages:
            self.lag.freeze()
        return self.tally

    def _load(self, conn: psycopg.Connection) -> bool:
        """Begin at the stored positions; False if that must be done anew."""
        try:
            self._assign(conn)
            return self._pump(conn)
        except Conflict:
            if not self.has_twin:
                self.say("another load of these topics is running: sharing the work with it")
            self.has_twin = True
            return False

    def _assign(self, conn: psycopg.Connection) -> None:
        self.cluster = self.reader.discover(list(self.topics))
        self.discovered_at = time.monotonic()
        self._say_missing()
        positions = read_positions(conn, self.cluster)
        renewed = {
            partition: position.next_offset
            for partition, position in positions.items()
            if position.next_offset is not None
            and position.is_of_another(self.cluster[partition[0]].topic_id)
        }
        if renewed:
            lost = {partition: offset for partition, offset in renewed.items() if offset > 0}
            # the embedded broker forgets its topics whenever it stops, and says so then
            if not self.settings.is_broker_embedded:
                self._accept_loss("the topic was deleted and made anew", lost)
            renew(conn, renewed)
            positions = read_positions(conn, self.cluster)
        partitions = [(name, number) for name, t in self.cluster.items() for number in t.partitions]
        begun = {p: positions.get(p, UNREAD) for p in partitions}
        self.reader.assign(begun)
        self.lag.begin({p: position.next_offset for p, position in begun.items()})
        if not self.tally.total:
            self.figures.take()  # how far behind the last load left it

    def _pump(self, conn: psycopg.Connection) -> bool:
        """Read and store until there is an end, or a reason to assign anew (False).

        The next batch is read and checked while Postgres takes the one before.
        """
        store = Store(conn, self.figures, self.feed.source)
        ids = {name: topic.topic_id for name, topic in self.cluster.items()}
        with ThreadPoolExecutor(max_workers=1) as pool:
            work = self._read()
            while True:
                ahead = pool.submit(self._read) if self._goes_on(work.batch) else None
                if work.batch.moves:
                    stored = store.add(work.rows, work.batch.moves, ids, work.started_at)
                    self._note_stored(work, stored)
                if work.batch.moves or work.batch.is_caught_up:
                    self._note_success()
                self._say_progress()
                if ahead is None:
                    return self._is_end(conn, work.batch)
                work = ahead.result()

    def _read(self) -> _Work:
        started_at = now()
        batch = self.reader.read(self.is_stopped)
        topics = {self.topics[name]: records for name, records in batch.records.items()}
        rows = {topic: raw.sort(topic, records) for topic, records in topics.items()}
        return _Work(started_at, batch, rows)

    def _goes_on(self, batch: Batch) -> bool:
        if self.is_stopped() or batch.out_of_range or batch.doubt:
            return False
        if self.follow:
            return not self._cluster_has_changed()
        if silent := self.reader.silent_partitions(SILENCE_SECONDS):
            raise UserError(
                f"Kafka sends neither records nor an end of {named(silent)}: are its leaders up?"
            )
        return not batch.is_caught_up

    def _is_end(self, conn: psycopg.Connection, last: Batch) -> bool:
        if last.out_of_range:
            # of what was never begun nothing was promised
            lost = {p: offset for p, offset in last.out_of_range.items() if offset is not None}
            self._accept_loss("Kafka no longer has them", lost)
            forget(conn, lost)
            return False
        if last.doubt:
            self.doubts += 1
            if self.doubts > MAX_DOUBTS:
                raise Outage(f"Kafka failed: {last.doubt}")
        return self.is_stopped() or (last.is_caught_up and not self.follow)

    def _cluster_has_changed(self) -> bool:
        if time.monotonic() - self.discovered_at < DISCOVER_SECONDS:
            return False
        self.discovered_at = time.monotonic()
        return self.reader.discover(list(self.topics)) != self.cluster

    def _accept_loss(self, why: str, lost: dict[Partition, int]) -> None:
        """Go on from the earliest records if that is wanted, else say how. Never silently."""
        if not lost:
            return
        details = []
        for partition, expected in sorted(lost.items())[:SHOWN_PARTITIONS]:
            earliest = self.reader.earliest(partition)
            details.append(
                f"{named([partition])} expected offset {expected}, the earliest there is"
                f" {'unknown' if earliest is None else earliest}"
            )
        if len(lost) > SHOWN_PARTITIONS:
            details.append(f"and {len(lost) - SHOWN_PARTITIONS} partitions more")
        what = f"records may be lost, {why}: {'; '.join(details)}"
        if not self.from_earliest:
            raise UserError(
                f"{what}. `{self.feed.command} --from-earliest` goes on with what there is"
            )
        self.say(f"{what}; going on from there")

    def _pause_after(self, error: Exception) -> None:
        """Following waits and tries again, longer each time; a bounded load gives up."""
        what = sentence(error)
        if not self.follow:
            raise UserError(f"{what}; what was stored is safe, load again to go on") from error
        self.figures.failed()
        if self.outages == 0:
            self.say(f"{what}; trying again until it is back")
        pause = PAUSES_SECONDS[min(self.outages, len(PAUSES_SECONDS) - 1)]
        self.outages += 1
        end = time.monotonic() + pause
        while time.monotonic() < end and not self.is_stopped():
            time.sleep(0.1)

    def _note_stored(self, work: _Work, stored: Tally) -> None:
        self.tally += stored
        self.lag.moved(work.batch.moves)
        for topic, records in work.batch.records.items():
            self.figures.arrived(topic, [record.produced_at for record in records])
        if work.batch.count:
            self.figures.batch((now() - work.started_at).total_seconds())

    def _note_success(self) -> None:
        if self.outages:
            self.say("going on")
        self.outages = self.doubts = 0
        self.figures.succeeded()

    def _say_missing(self) -> None:
        missing = [name for name in self.topics if name not in self.cluster]
        if missing and not self.cluster and not self.follow:
            raise UserError(
                f"Kafka has none of the topics {', '.join(missing)}:"
                f" `{self.feed.creation}` creates them"
            )
        if missing and missing != self.missing:
            self.say(f"not in Kafka (yet): {', '.join(missing)}")
        self.missing = missing

    def _say_progress(self) -> None:
        if time.monotonic() - self.said_at < PROGRESS_SECONDS:
            return
        if self.tally.total > self.said_total:
            self.say(f"{self.tally.total:,} records loaded")
        self.said_at, self.said_total = time.monotonic(), self.tally.total
