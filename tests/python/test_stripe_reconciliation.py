"""What a simulated account's webhooks told, held against what its API answers."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from stripe_account import fill, small_account
from stripe_lane import StripeLane, days_ago
from stripe_replay import StripeReplay
from warehouse_fixtures import Warehouse

from ingest.stripe.kinds import KINDS

DIFFERENCES = (
    "select object_type, object_id, comparison, differing_fields"
    " from marts_finance.stripe_reconciliation order by 1, 2"
)
BUILD = ("build", "--select", "+stripe_reconciliation")


@pytest.fixture
def house(new_database: Callable[[str], str], tmp_path: Path) -> Warehouse:
    return Warehouse(new_database("reconciliation"), tmp_path / "target")


def differences(house: Warehouse) -> list[tuple[Any, ...]]:
    house.run(*BUILD)
    with house.connect() as conn:
        return conn.execute(DIFFERENCES).fetchall()


def test_differences_between_events_and_the_api_are_named(house: Warehouse, tmp_path: Path) -> None:
    listed = small_account().objects()
    kinds = {kind.object_type for kind in KINDS.values()} & listed["objects"].keys()
    objects = [deepcopy(one) for kind in kinds for one in listed["objects"][kind]]
    unheard = "customer.subscription.created"
    lost = next(e for e in small_account().events if e["type"] == unheard)
    subscription = lost["data"]["object"]["id"]
    events = [e for e in small_account().events if e["data"]["object"].get("id") != subscription]
    with StripeReplay(objects, payout_transactions=listed["payout_transactions"]) as stripe:
        lane = StripeLane(stripe.url, stripe.key, house.dsn, tmp_path)
        with house.connect() as conn:
            fill(conn, small_account(), events=events, objects=[])
        lane.load()
        # as many as there are, the transactions of payouts too
        assert lane.value("select count(*) from objects") == len(objects)
        assert lane.value("select count(*) from payout_transactions") > 0

        told = differences(house)
        assert told == [("subscription", subscription, "api_only", None)]

        with house.connect() as conn:
            fill(conn, small_account(), objects=[])  # the lost webhooks were sent again
        assert differences(house) == []

        charge = next(one for one in objects if one["object"] == "charge")
        stripe.add(charge | {"amount_refunded": 1, "refunded": not charge["refunded"]})
        customer = next(one for one in objects if one["object"] == "customer")
        stripe.delete("customer", customer["id"])
        lane.load("customers")
        lane.load("charges", since=days_ago(1000))  # old ones are not read again unasked
        assert differences(house) == [
            ("charge", charge["id"], "differs", "amount_refunded, refunded"),
            ("customer", customer["id"], "differs", "deleted"),
        ]
