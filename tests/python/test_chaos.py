"""Collector, database, broker and stream are killed in turn while events come: nothing is missing.

A world of the simulator goes two ways at once: its public topics over the collector's /v1/track,
the others to Kafka. Clients do what clients do: what was not acknowledged they send again. Each
victim dies in the middle of what is being sent, and the next one only when all of that is loaded.
At the end the marts have to show the simulator's truth, which knows nothing of any of this.

The embedded broker keeps its records in memory, so it is Apache Kafka itself that is killed; where
that cannot be had the embedded one takes its place, and lives.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from alert_receiver import receiving
from chaos_clients import Client
from chaos_world import (
    LATE,
    MESSAGES,
    OUTSIDE,
    VICTIMS,
    Chaos,
    Collector,
    Database,
    Streaming,
    Victim,
    World,
    exporter,
)
from kafka_broker import settings_for
from moodle_sites import LOG, SMALL, Lane, create_tables, fill_small
from prometheus_server import prometheus
from real_kafka import RealKafka
from test_stream import counted
from warehouse_fixtures import Warehouse

from ingest.build import NO_TESTS
from ingest.events.topics import topics
from ingest.kafka.broker import EmbeddedBroker
from ingest.simulate.noise import Message
from ingest.simulate.plan import Plan
from ingest.simulate.received import text_of
from ingest.simulate.sinks import to_kafka
from ingest.simulate.track import to_collector
from ingest.simulate.truth_learning import LEARNING
from ingest.simulate.world import simulate, truth

# one day, so that all of it is in the windows of the last two
PLAN = Plan(seed=8, events=4_000, days=1, late_share=0.02, out_of_order_share=0.05)
MARTS = (
    *("+tag:near_real_time", "+tag:alert", "+path:models/marts/ops"),
    *("+fact_session", "+int_commerce__sessions", "+page_view_window_5m", "+fact_orders"),
)
PEOPLE = """(
    select student_hash as person_hash, source_system || ':' || source_user_id as person
    from vault.pseudonyms
) as people"""


@pytest.fixture(scope="module")
def database(free_port: Callable[[], int]) -> Iterator[Database]:
    """A server that may be killed."""
    own = Database(free_port())
    own.start()
    yield own
    own.delete()


@pytest.fixture(scope="module")
def built(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """What a stream goes on with, and no event."""
    home = tmp_path_factory.mktemp("chaos")
    lane = Lane(database.create("moodle"), database.create("chaos"), home)
    with psycopg.connect(lane.moodle) as moodle:
        create_tables(moodle, (*SMALL, LOG))
        fill_small(moodle)
    lane.load()
    warehouse = Warehouse(lane.warehouse, home / "stream")
    warehouse.leave_parsed()  # the commands go on with what this leaves
    warehouse.run("build", "--select", *MARTS, *NO_TESTS)
    return warehouse


@pytest.fixture(scope="module")
def kafka(
    request: pytest.FixtureRequest, new_broker: Callable[[], EmbeddedBroker]
) -> RealKafka | EmbeddedBroker:
    """One that may be killed, if the machine has any."""
    try:
        real: RealKafka = request.getfixturevalue("own_real_kafka")
    except pytest.skip.Exception:
        return new_broker()
    return real


@pytest.fixture(scope="module")
def chaos(
    built: Warehouse,
    database: Database,
    kafka: RealKafka | EmbeddedBroker,
    free_port: Callable[[], int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Chaos]:
    """Everything was killed, came back, ended in order, and was built a last time."""
    home = built.target.parent
    world = World(f"127.0.0.1:{kafka.port}", built.dsn, home)
    world.create(*topics())
    collector = Collector(world, free_port(), tmp_path_factory.mktemp("collector"))
    stream = Streaming(world, home / "said")
    victims: dict[str, Victim] = {"collector": collector, "database": database, "stream": stream}
    if isinstance(kafka, RealKafka):
        victims["broker"] = kafka
    jobs = {"coursehouse-collector": collector.port}
    jobs |= {f"coursehouse-{name}": free_port() for name in ("warehouse", "loads")}
    with ExitStack() as stack:
        world.inbox = stack.enter_context(receiving(free_port()))
        for process in (collector, stream):
            process.start()
            stack.callback(process.kill)
        stack.enter_context(exporter(world, jobs["coursehouse-warehouse"], home / "exporter"))
        with suppress(pytest.skip.Exception):  # they are killed unwatched, too
            outside = prometheus(home, free_port, jobs, free_port(), is_patient=False)
            world.prometheus = stack.enter_context(outside)
            world.prometheus.sees("coursehouse-collector", "coursehouse-warehouse")
        chaos = Chaos(world, victims, _clients(world, collector, len(victims) + 1))
        for name in VICTIMS:
            if name in victims:
                chaos.kill(name)
        chaos.send_the_rest()
        stream.running.wait_for_counts(*_shopping(truth(PLAN)))
        stream.running.stop(signal.SIGTERM)
        built.run("run", "--select", *MARTS, "--exclude", "config.materialized:view")
        yield chaos


def _clients(world: World, collector: Collector, shares: int) -> list[Client]:
    """One that sends what anybody may send to the collector, one for the rest."""
    public: list[Message] = []
    others: list[Message] = []
    for message in simulate(PLAN):
        (public if topics()[message.topic].is_public else others).append(message)
    found = [
        Client(public, shares, to_collector(collector.url, collector.key)),
        Client(others, shares, to_kafka(settings_for(world.bootstrap_servers))),
    ]
    for client in found:
        client.start()
    return found


def _shopping(expected: dict[str, Any]) -> tuple[int, int, int]:
    """Clicks, additions to carts, and orders."""
    shop = expected["topics"]
    added = expected["shop"]["cart_changes"]["add"]
    return shop["clicks"]["events"], added, shop["purchase"]["events"]


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return truth(PLAN)


# ---------------------------------------------------------------- alerts


@pytest.mark.parametrize("name", VICTIMS)
def test_somebody_is_told_that_it_is_down_and_all_is_well_when_it_is_back(
    chaos: Chaos, name: str
) -> None:
    if name not in chaos.victims:
        pytest.skip("needs Apache Kafka: the embedded broker would lose what it was sent")
    if name in OUTSIDE and chaos.world.prometheus is None:
        pytest.skip("needs Debian's package prometheus")
    assert chaos.alarms[name] == (True, True)


def test_when_it_has_been_calm_for_long_enough_an_all_clear_follows(chaos: Chaos) -> None:
    late = [LATE[name] for name in chaos.victims if name in LATE]
    assert not any(chaos.world.is_told("[resolved] stream_late", source) for source in late)
    chaos.world.pass_minutes(120, MESSAGES)
    chaos.world.tell()
    assert all(chaos.world.is_told("[resolved] stream_late", source) for source in late)


def test_clients_were_refused_and_had_to_send_again(chaos: Chaos) -> None:
    """Otherwise nobody was killed in the middle of anything."""
    public, others = chaos.clients
    assert public.refusals > 0
    assert others.refusals > 0 or "broker" not in chaos.victims


# ---------------------------------------------------------------- marts


def test_every_event_of_learners_is_there_once(chaos: Chaos, expected: dict[str, Any]) -> None:
    found = chaos.world.read(
        "select topic, count(*) from marts_learning.fact_learning_event"
        " where topic is not null group by 1"
    )
    assert dict(found) == {topic: expected["topics"][topic]["events"] for topic in LEARNING}


@pytest.mark.parametrize(
    ("mart", "person", "kind"),
    [
        ("marts_learning.fact_session", "student_hash", "learning"),
        ("intermediate.int_commerce__sessions", "visitor_hash", "shop"),
    ],
)
def test_sessions_are_the_truths(
    chaos: Chaos, expected: dict[str, Any], mart: str, person: str, kind: str
) -> None:
    found = chaos.world.read(
        f"select person, session_start, session_end, events_count from {mart} as sessions"
        f" join {PEOPLE} on people.person_hash = sessions.{person}"
    )
    rows = sorted([who, text_of(start), text_of(end), count] for who, start, end, count in found)
    assert rows == sorted(row[:4] for row in expected[kind]["sessions"])


def test_windows_of_page_views_are_the_truths(chaos: Chaos, expected: dict[str, Any]) -> None:
    found = chaos.world.read(
        "select window_start, page, view_count from marts_engagement.page_view_window_5m"
    )
    views = sorted([text_of(start), page, count] for start, page, count in found)
    assert views == sorted(expected["learning"]["page_view_window_5m"])


def test_orders_and_revenue_are_the_truths(chaos: Chaos, expected: dict[str, Any]) -> None:
    found = chaos.world.read(
        "select currency, count(*), sum(item_count), sum(total_amount)"
        " from marts_commerce.fact_orders group by 1"
    )
    orders = expected["shop"]["orders"]
    assert {currency: tuple(figures) for currency, *figures in found} == {
        currency: (one["orders"], one["items"], Decimal(one["revenue"]))
        for currency, one in orders.items()
    }


def test_what_the_stream_shows_is_the_truth(chaos: Chaos, expected: dict[str, Any]) -> None:
    assert counted(chaos.world) == _shopping(expected)
    found = chaos.world.value(
        "select sum(events_count) from marts_engagement.rt_activity_window where window_minutes = 5"
    )
    assert found == sum(expected["topics"][topic]["events"] for topic in LEARNING)
