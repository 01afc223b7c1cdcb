"""`kill -9` at every stage of a load from Stripe, and twins: every state exactly once (law 4)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from children import Trap, die, in_child, run_killed
from stripe_lane import PAID_OUT, StripeLane, account, event, of
from stripe_replay import StripeReplay

from ingest.stripe import client, load, store


def trap_while_linking() -> None:
    """Kills after the statement that links the transactions of a payout."""
    real = store.Store._rows

    def trapped(self: store.Store, query: Any, **parameters: Any) -> Any:
        result = real(self, query, **parameters)
        if query is store._ADD_LINKS:
            die()
        return result

    store.Store._rows = trapped  # type: ignore[method-assign]


STAGES: dict[str, Callable[[], None]] = {
    "before the first answer": Trap(client.StripeClient, "pages", 0),
    "in the middle of a listing": Trap(load, "_created", 70),
    "before a batch": Trap(store, "next_load_id", 4),
    "after the rows of a batch": Trap(store.Store, "_add_objects", 3),
    "after the events of a batch": Trap(store.Store, "_add_events", 2),
    "before a commit": Trap(store, "record_load", 5),
    "after a commit": Trap(store.Store, "add", 5),
    "between the last batch and the end of a listing": Trap(store.Store, "finish", 0),
    "when something is missed": Trap(load._Loader, "_look_for", 1),
    "in the middle of a payout": trap_while_linking,
}


def load_in_small_batches(lane: StripeLane, *names: str) -> None:
    client.PAGE_OBJECTS, load.BATCH_OBJECTS = 7, 10
    lane.load(*names)


@pytest.fixture
def stripe() -> Iterator[StripeReplay]:
    events = [event(n, of("customer", f"cus_{n % 40:03}", n / 3)) for n in range(60)]
    with StripeReplay(account(), events, PAID_OUT) as replay:
        yield replay


@pytest.fixture
def lane(stripe: StripeReplay, database: Callable[[], str], tmp_path: Path) -> StripeLane:
    return StripeLane(stripe.url, stripe.key, database(), tmp_path)


def change_everything(stripe: StripeReplay) -> None:
    """New states, new objects, new events, a deleted customer, a payout that is settled."""
    for key in [("dispute", "dp_1"), ("charge", "ch_1"), ("subscription", "sub_active")]:
        stripe.add(stripe.objects[key] | {"status": "changed"})
    stripe.add(*(of("customer", f"cus_new_{n}", 0, livemode=True) for n in range(15)))
    stripe.add(*(event(n, of("customer", f"cus_{n:03}", 0)) for n in range(100, 115)))
    stripe.delete("customer", "cus_020")
    stripe.add(stripe.objects["payout", "po_now"] | {"reconciliation_status": "completed"})
    stripe.payout_transactions["po_now"] = ["txn_0"]


def assert_complete(lane: StripeLane, stripe: StripeReplay, states: int) -> None:
    """What Stripe has is what the newest states say; nothing is there twice."""
    newest = lane.read(
        "select distinct on (object_type, object_id) object_type, object_id, is_deleted"
        " from objects order by object_type, object_id, fetched_at desc"
    )
    living = {key for key in stripe.objects if key[0] != "event"}
    assert {(kind, name) for kind, name, gone in newest if not gone} == living
    assert {(kind, name) for kind, name, gone in newest if gone} == set(stripe.deleted)
    assert lane.value("select count(*) from objects") == states
    events = {name for kind, name in stripe.objects if kind == "event"}
    assert {name for (name,) in lane.read("select event_id from events")} == events
    paid_out = sum(map(len, stripe.payout_transactions.values()))
    assert lane.value("select count(*) from payout_transactions") == paid_out
    strays = " union all ".join(
        f"select _load_id from {table}" for table in ("objects", "events", "payout_transactions")
    )
    assert lane.read(f"{strays} except select load_id from ops.load_manifest") == []
    assert (
        lane.value("select count(*) from ops.stripe_position where pass_started_at is not null")
        == 0
    )


@pytest.mark.parametrize("stage", STAGES)
def test_a_load_killed(lane: StripeLane, stripe: StripeReplay, stage: str) -> None:
    """... leaves whole batches or nothing, and the next one makes it complete."""
    if stage == "when something is missed":
        lane.load()  # at first there is nothing to miss
    else:
        run_killed(STAGES[stage], load_in_small_batches, lane)
        lane.load()
    assert_complete(lane, stripe, states=115)
    change_everything(stripe)
    run_killed(STAGES[stage], load_in_small_batches, lane)
    lane.load()
    assert_complete(lane, stripe, states=115 + 3 + 15 + 1 + 1)
    assert lane.load().objects.total == 0


def test_a_first_load_killed_again_and_again_makes_headway(
    lane: StripeLane, stripe: StripeReplay
) -> None:
    stored = [0]
    for _ in range(3):
        run_killed(Trap(store.Store, "add"), load_in_small_batches, lane, "customers")
        stored.append(lane.value("select count(*) from objects"))
    assert stored == sorted(set(stored))
    lane.load()
    assert_complete(lane, stripe, states=115)


def test_twins_share_the_work(lane: StripeLane, stripe: StripeReplay) -> None:
    """Two loads at once: none reads what the other is reading, and nothing is there twice."""
    twins = [in_child(load_in_small_batches, lane) for _ in range(2)]
    for process in twins:
        process.join(120)
    assert [process.exitcode for process in twins] == [0, 0]
    lane.load("payout_transactions")  # who came first may have found no payout yet
    assert_complete(lane, stripe, states=115)


def test_what_another_load_is_reading_is_left_to_it(lane: StripeLane, stripe: StripeReplay) -> None:
    twins: list[StripeLane] = []

    def overtake(path: str, params: dict[str, Any]) -> None:
        if path == "customers" and not twins:
            twins.append(StripeLane(lane.url, lane.key, lane.warehouse, lane.home))
            in_child(load_in_small_batches, twins[0]).join(120)

    stripe.on_request = overtake
    lane.load("customers", "charges")
    assert lane.value("select count(*) from objects") == 115
    assert lane.said == ["customers: 40 new, 0 changed, 0 deleted"]
