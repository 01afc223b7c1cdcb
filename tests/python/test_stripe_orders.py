"""The marts do not depend on how events were delivered: any order, any duplicates, any loads.

A simulated Stripe account is delivered once as it happened, in one load. Then its events come
shuffled and repeated, a part of them in every load and a build after each, the answers of the API
before or after them, and every row of every mart behind them has to be the same. The API is asked
for what no event tells and for the catalogue; the rest is known from events alone, as an answer
would say in the end what is so, in whatever order events came.
"""

import random
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql
from row_comparison import compare, set_aside
from stripe_account import fill, small_account
from warehouse_fixtures import Warehouse

from ingest.fx.load import load_fx

BUILD = ("build", "--resource-type", "model", "--resource-type", "seed", "--resource-type")
SCHEMAS = ["marts_cross", "marts_finance"]
MARTS = ("path:models/marts/cross", "path:models/marts/finance")
EVERYTHING = (*BUILD, "snapshot", "--select", *(f"+{folder}" for folder in MARTS))
# what else the marts need does not change; nor do views once all that they hang on is there again
TOLD = (*BUILD, "snapshot", "--select", *(f"source:stripe+,+{folder}" for folder in MARTS))
ASKED = ("balance_transaction", "payout", "product", "price", "customer")
NO_VIEWS = ("--exclude", "config.materialized:view")
LOADS = 2
BY_ARRIVAL = """
{% macro order_within_second(events) -%}
    select
        told.event_id,
        row_number() over (
            partition by told.object_key, told.told_at order by arrived._load_id, told.event_id
        ) as place
    from {{ events }} as told
    inner join {{ ref('stg_stripe__events') }} as arrived on told.event_id = arrived.event_id
{%- endmacro %}
"""


@pytest.fixture(scope="module")
def house(new_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    """A warehouse of the sample site and the account, told as it happened; set aside in `told`."""
    warehouse = new_warehouse("stripe_orders")
    load_fx(warehouse.settings(), is_sample=True)
    with warehouse.connect() as conn:
        fill(conn, small_account(), objects=ASKED)
        warehouse.run(*EVERYTHING)
        set_aside(conn, _marts(conn), "told")
    return warehouse


@pytest.mark.parametrize(
    ("seed", "is_asked_first"), [(1, True), pytest.param(2, False, marks=pytest.mark.thorough)]
)
def test_every_order_and_every_duplicate_gives_the_same_marts(
    house: Warehouse, seed: int, is_asked_first: bool
) -> None:
    deliveries = _shuffled_and_repeated(seed)
    with house.connect() as conn:
        _forget(house, conn)
        if is_asked_first:
            fill(conn, small_account(), events=[], objects=ASKED)
        for number in range(LOADS):
            part = deliveries[number::LOADS]
            fill(conn, small_account(), events=part, objects=[])
            house.run(*TOLD, *(NO_VIEWS if number else ()))
        if not is_asked_first:
            fill(conn, small_account(), events=[], objects=ASKED)
            house.run(*TOLD, *NO_VIEWS)
        marts = _marts(conn)
        assert {("marts_cross", "learner_lifetime_value"), ("marts_finance", "fact_charge")} < marts
        compared = {name: compare(conn, "told", schema, name) for schema, name in marts}
    assert {name: found for name, found in compared.items() if found[1]} == {}
    assert compared["dim_subscription"][0] > len(
        small_account().objects()["objects"]["subscription"]
    )


def test_marts_that_follow_the_order_of_arrival_would_be_found_out(
    house: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof that the comparison above can fail: for one rule of the project, spoiled."""
    macro = house.manifest.macros["macro.coursehouse.order_within_second"]
    monkeypatch.setattr(macro, "macro_sql", BY_ARRIVAL)
    with house.connect() as conn:
        _forget(house, conn)
        deliveries = _shuffled_and_repeated(3)
        fill(conn, small_account(), events=deliveries, objects=ASKED, loads=LOADS)
        house.run(*BUILD, "seed", "--select", "+fact_invoice")
        _, differing = compare(conn, "told", "marts_finance", "fact_invoice")
    assert differing > 0


def _shuffled_and_repeated(seed: int) -> list[dict[str, Any]]:
    """All events of the account, and as many repeated ones, in any order."""
    dice = random.Random(seed)  # noqa: S311
    events = small_account().events
    deliveries = events + dice.choices(events, k=len(events))
    dice.shuffle(deliveries)
    return deliveries


def _marts(conn: psycopg.Connection) -> set[tuple[str, str]]:
    """Schema and name of every mart that was built."""
    found = conn.execute(
        "select schemaname, tablename from pg_tables where schemaname = any(%s)", [SCHEMAS]
    )
    return {(str(schema), str(name)) for schema, name in found.fetchall()}


def _forget(house: Warehouse, conn: psycopg.Connection) -> None:
    """All Stripe ever told, and what was built of it step by step."""
    conn.execute("truncate raw_stripe.events, raw_stripe.objects, raw_stripe.payout_transactions")
    for node in house.manifest.nodes.values():
        is_ours = node.resource_type == "model" and {"finance", "cross"} & set(node.fqn)
        if is_ours and node.config.materialized == "incremental":
            table = sql.Identifier(node.schema, node.name)
            conn.execute(sql.SQL("drop table if exists {} cascade").format(table))
