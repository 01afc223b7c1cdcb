"""`kill -9` at every stage of a load of events, and twins: every record exactly once (law 4)."""

from typing import Any

import pytest
from children import Trap, in_child, run_killed
from event_lanes import EventLane, cart, click

from ingest.events import raw
from ingest.kafka import reader, store

STAGES = {
    "before the first read": Trap(reader.Reader, "read", 0),
    "after a read": Trap(reader.Reader, "read", 2),
    "after the positions moved": Trap(store, "move", 2),
    "in the middle of a COPY": Trap(raw, "_as_is", 130),
    "after a COPY": Trap(raw, "append", 3),
    "before the commit": Trap(store, "record_load", 2),
    "after the commit": Trap(store.Store, "add", 2),
    "while a day is prepared": Trap(raw, "_exists", 2),
}


def load_in_small_batches(events: EventLane) -> None:
    """In several, also for a few hundred records."""
    reader.BATCH_RECORDS, reader.CHUNK_RECORDS = 100, 50
    events.load()


def produce(events: EventLane) -> None:
    """Four hundred records on five partitions, some of them for the dead letters."""
    for partition in range(3):
        events.produce("clicks", map(click, range(100)), partition=partition)
    events.produce("clicks", [b"no json", None, click(1, ts=5)], partition=1)
    events.produce("cart", [cart(i) if i % 10 else b"{}" for i in range(100)], partition=1)


@pytest.mark.parametrize("stage", STAGES)
def test_a_load_killed(events: EventLane, stage: str) -> None:
    """... leaves whole batches or nothing, and the next one makes it complete."""
    events.create("clicks", "cart")
    for turn in (1, 2):  # first the very first load, then a later one
        produce(events)
        run_killed(STAGES[stage], load_in_small_batches, events)
        stored, positions = events.stored(), events.positions()
        assert len(set(stored)) == len(stored)
        assert len(stored) < len(events.produced), "nothing was left to do: the kill came too late"
        assert set(stored) == {i for i in events.produced if i[2] < positions.get(i[:2], 0)}
        events.load()
        events.assert_exactly_once()
        assert events.value("select count(*) from raw_events.dead_letter") == 13 * turn
    assert events.load().total == 0


def test_a_load_killed_again_and_again_ends_complete(events: EventLane) -> None:
    events.create("clicks")
    for partition in range(3):
        events.produce("clicks", map(click, range(400)), partition=partition)

    for _ in range(5):
        run_killed(STAGES["before the commit"], load_in_small_batches, events)
    events.load()
    events.assert_exactly_once()


def test_twins_share_the_work(events: EventLane) -> None:
    """Two loads of the same partitions at once: what one stored, the other does not."""
    events.create("clicks", "cart")
    for partition in range(3):
        events.produce("clicks", map(click, range(1000)), partition=partition)
        events.produce("cart", map(cart, range(1000)), partition=partition)

    twins = [in_child(load_in_small_batches, events) for _ in range(2)]
    for process in twins:
        process.join(60)
    assert [process.exitcode for process in twins] == [0, 0]
    events.assert_exactly_once()


def test_of_two_loads_that_read_the_same_one_stores_it(events: EventLane) -> None:
    """The other notices, says so once, and goes on behind it."""
    events.create("clicks")
    events.produce("clicks", map(click, range(300)))
    real = reader.Reader.read
    twins: list[EventLane] = []

    def overtaken(self: reader.Reader, *args: Any) -> reader.Batch:
        batch = real(self, *args)
        if not twins:
            twins.append(EventLane(events.bootstrap_servers, events.warehouse, events.home))
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(reader.Reader, "read", real)
                assert twins[0].load().accepted == 300
        return batch

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reader.Reader, "read", overtaken)
        assert events.load().accepted == 0
    assert events.said[1:] == ["another load of these topics is running: sharing the work with it"]
    events.assert_exactly_once()
