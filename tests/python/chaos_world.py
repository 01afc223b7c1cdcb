"""All that runs where Coursehouse runs, ways to kill it, and those who watch it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import LiteralString, Protocol

from alert_receiver import Inbox
from chaos_clients import Client
from collector_process import CollectorProcess
from event_lanes import EventLane
from prometheus_server import Prometheus, eventually
from test_stream import Running

from ingest.alerts.outbox import deliver, enqueue
from ingest.alerts.receivers import receivers
from ingest.events.topics import logs
from ingest.metrics import LOAD_LAST_SUCCESS
from ingest.postgres import EmbeddedPostgres

VICTIMS = ("collector", "database", "broker", "stream")
PATIENCE_SECONDS = 300.0
# what Prometheus tells of them, and of which job
OUTSIDE = {
    "collector": ("CoursehouseTargetDown", "coursehouse-collector"),
    "database": ("CoursehouseWarehouseDown", "coursehouse-warehouse"),
}
# the source that is late without them
LATE = {"broker": "events", "stream": "stream"}
PARSED = "partial_parse.msgpack"
EVENTS = " union all ".join(
    f"select count(distinct payload ->> 'event_id') as events from raw_events.{topic.table_name}"
    for topic in logs().values()
)
HEARD_OF = (
    f"select count(*) > 0 from ops.metric_sample where metric = '{LOAD_LAST_SUCCESS.sample}'"
    " and labels ->> 'source' = %s"
)
IS_LATE = (
    "select count(*) > 0 from ops.alert_event"
    " where rule = 'stream_late' and state = 'firing' and labels ->> 'source' = %s"
)
# What was written down becomes older: for whoever looks at it, time has passed.
SIGNS: tuple[LiteralString, ...] = (
    "update ops.load_manifest set started_at = started_at - %(time)s,"
    " completed_at = completed_at - %(time)s",
    "update ops.metric_sample set sampled_at = sampled_at - %(time)s,"
    " written_at = written_at - %(time)s, value = case when metric = %(success)s"
    " then value - extract(epoch from %(time)s::interval) else value end",
)
MESSAGES: tuple[LiteralString, ...] = (
    "update ops.alert_event set opened_at = opened_at - %(time)s,"
    " resolved_at = resolved_at - %(time)s, last_broken_at = last_broken_at - %(time)s",
    "update ops.alert_outbox set opened_at = opened_at - %(time)s",
)


@dataclass
class World(EventLane):
    """An event lane whose alerts go to an inbox, watched by Prometheus where there is one."""

    inbox: Inbox = field(default_factory=Inbox)
    prometheus: Prometheus | None = None

    def environment(self) -> dict[str, str]:
        return super().environment() | {"COURSEHOUSE_ALERT_URLS": self.inbox.webhook()}

    def events(self) -> int:
        """Different events in the raw tables."""
        return int(self.value(f"select sum(events) from ({EVENTS}) as stored"))

    def is_heard_of(self, source: str) -> bool:
        """A load that goes on has said that it does."""
        return bool(self.value(HEARD_OF, source))

    def is_late(self, source: str) -> bool:
        """The warehouse says so."""
        return bool(self.value(IS_LATE, source))

    def is_told(self, title: str, source: str) -> bool:
        """Somebody was sent this about this source."""
        texts = self.inbox.texts("/hook")
        return any(text.startswith(title) and f"source {source})" in text for text in texts)

    def is_down(self, alert: str, job: str) -> bool:
        """Prometheus says so; of the warehouse by what its exporter tells, which lives."""
        assert self.prometheus is not None
        told = [one["labels"] for one in self.prometheus.firing()]
        return any(one["alertname"] == alert and one.get("job", job) == job for one in told)

    def pass_minutes(self, minutes: int, what: Sequence[LiteralString] = SIGNS) -> None:
        """Let time pass."""
        values = {"time": timedelta(minutes=minutes), "success": LOAD_LAST_SUCCESS.sample}
        with self.connect() as conn, conn.transaction():
            for statement in what:
                conn.execute(statement, values)

    def evaluate(self) -> None:
        """`coursehouse alert`, with what the stream has parsed already."""
        (self.home / "alerts").mkdir(exist_ok=True)
        shutil.copy(self.home / "stream" / PARSED, self.home / "alerts" / PARSED)
        done = self.invoke("alert")
        assert done.exit_code == 0, done.output

    def tell(self) -> None:
        """Send the messages that are due, without looking at what is new."""
        to = receivers(self.settings(alert_urls=self.inbox.webhook()), print)
        with self.connect() as conn:
            enqueue(conn, to)
            deliver(conn, to)


class Database:
    """A Postgres of its own."""

    def __init__(self, port: int) -> None:
        # not pytest's directory, whose parents are closed to the account that runs it for root
        self._directory = Path(tempfile.mkdtemp(prefix="coursehouse-chaos-"))
        self._directory.chmod(0o755)
        self._server = EmbeddedPostgres(self._directory / "home", port)

    def start(self) -> None:
        self._server.up()

    def kill(self) -> None:
        lines = (self._server.data_directory / "postmaster.pid").read_text().splitlines()
        os.kill(int(lines[0]), signal.SIGKILL)

    def create(self, name: str) -> str:
        """Address of a new empty database."""
        self._server.create_database(name)
        return self._server.dsn(name)

    def delete(self) -> None:
        self._server.delete()
        shutil.rmtree(self._directory)


class Collector(CollectorProcess):
    """`coursehouse collect` into Kafka."""

    def __init__(self, world: World, port: int, home: Path) -> None:
        servers = world.bootstrap_servers
        environment = {"COURSEHOUSE_HOME": str(home)}
        environment |= {"COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS": servers}
        super().__init__(port, home, environment)

    def kill(self) -> None:
        self.stop(signal.SIGKILL)


class Streaming:
    """`coursehouse stream`."""

    running: Running

    def __init__(self, world: World, log: Path) -> None:
        self._world = world
        self._log = log

    def start(self) -> None:
        with self._log.open("a") as output:
            self.running = Running(self._world, output)

    def kill(self) -> None:
        self.running.process.kill()
        self.running.process.wait()


@contextmanager
def exporter(world: World, port: int, log: Path) -> Iterator[None]:
    """`coursehouse metrics`, which tells whether the warehouse answers."""
    command = [sys.executable, "-m", "ingest.cli", "metrics", "--port", str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(command, env=world.environment(), stdout=output, stderr=output)
    try:
        yield
    finally:
        process.kill()
        process.wait()


class Victim(Protocol):
    """What may be killed, and started again."""

    def start(self) -> object: ...

    def kill(self) -> None: ...


class Chaos:
    """Kills in turn while clients send, and keeps what was told of it."""

    def __init__(self, world: World, victims: dict[str, Victim], clients: list[Client]) -> None:
        self.world = world
        self.victims = victims
        self.clients = clients
        self.alarms: dict[str, tuple[bool, bool]] = {}  # while it was down, and when it was back

    def kill(self, name: str) -> None:
        """Kill one in the middle of a share; it comes back when somebody has noticed."""
        if name == "broker":  # nobody misses a follower that was never heard of
            self._wait_until(lambda: self.world.is_heard_of(LATE[name]))
        self._go_on()
        self._wait_until(lambda: all(client.is_half_way() for client in self.clients))
        self.victims[name].kill()
        is_noticed = self._is_noticed(name)
        self.victims[name].start()
        self._wait_until_loaded()
        self.alarms[name] = is_noticed, self._is_over(name)

    def send_the_rest(self) -> None:
        """What the clients have left, and nobody dies."""
        self._go_on()
        self._wait_until_loaded()

    def _go_on(self) -> None:
        for client in self.clients:
            client.go_on()

    def _wait_until_loaded(self) -> None:
        """All that the clients may send is acknowledged, and all that is acknowledged is there."""
        self._wait_until(lambda: all(client.is_through() for client in self.clients))
        sent = sum(client.acknowledged for client in self.clients)
        self._wait_until(lambda: self.world.events() == sent)

    def _is_noticed(self, name: str) -> bool:
        if name in LATE:
            return any(self._is_missed(LATE[name]) for _ in range(5))
        return self.world.prometheus is not None and bool(
            eventually(lambda: self.world.is_down(*OUTSIDE[name]))
        )

    def _is_missed(self, source: str) -> bool:
        """Minutes pass; then somebody is told."""
        self.world.pass_minutes(2)
        if source == "stream":  # others have to look
            self.world.evaluate()
        return bool(eventually(lambda: self.world.is_told("[warn] stream_late", source), 10))

    def _is_over(self, name: str) -> bool:
        if name in LATE:
            late = LATE[name]
            return bool(eventually(lambda: not self.world.is_late(late), PATIENCE_SECONDS))
        return self.world.prometheus is None or bool(
            eventually(lambda: not self.world.is_down(*OUTSIDE[name]))
        )

    def _wait_until(self, is_so: Callable[[], bool]) -> None:
        assert eventually(is_so, PATIENCE_SECONDS), {
            "events": self.world.events(),
            "clients": [(client.acknowledged, client.refusals) for client in self.clients],
            "alarms": self.alarms,
        }
