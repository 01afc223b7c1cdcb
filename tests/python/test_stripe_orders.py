"""The marts do not depend on how events were delivered: any order, any duplicates, any loads.

A simulated Stripe account is delivered once as it happened, in one load. Then its events come
shuffled and repeated, a part of them in every load and a build after each, the answers of the API
before or after them, and every row of every mart behind them has to be the same.
"""

import random
from collections.abc import Callable

import psycopg
import pytest
from moodle_sites import Lane
from psycopg import sql
from row_comparison import compare, set_aside
from stripe_account import fill, small_account
from warehouse_fixtures import Warehouse

from ingest.fx.load import load_fx

BUILD = ("build", "--resource-type", "model", "--resource-type", "seed", "--resource-type")
SCHEMAS = ["marts_cross", "marts_finance"]
MARTS = ("path:models/marts/cross", "path:models/marts/finance")
EVERYTHING = (*BUILD, "snapshot", "--select", *(f"+{folder}" for folder in MARTS))
# what else the marts need does not change
TOLD = (*BUILD, "snapshot", "--select", *(f"source:stripe+,+{folder}" for folder in MARTS))
LOADS = 3


@pytest.fixture(scope="module")
def house(
    sample_site: str,
    new_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Warehouse:
    """A warehouse of the sample site and the account, told as it happened; set aside in `told`."""
    directory = tmp_path_factory.mktemp("stripe_orders")
    warehouse = Warehouse(new_database("stripe_orders"), directory / "target")
    Lane(sample_site, warehouse.dsn, directory).load()
    load_fx(warehouse.settings(), is_sample=True)
    with warehouse.connect() as conn:
        fill(conn, small_account())
        warehouse.run(*EVERYTHING)
        set_aside(conn, _marts(conn), "told")
    return warehouse


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_order_and_every_duplicate_gives_the_same_marts(house: Warehouse, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    events = small_account().events
    deliveries = events + dice.choices(events, k=len(events))
    dice.shuffle(deliveries)
    with house.connect() as conn:
        _forget(house, conn)
        if is_asked_first := dice.random() < 0.5:
            fill(conn, small_account(), events=[])
        for number in range(LOADS):
            part = deliveries[number::LOADS]
            fill(conn, small_account(), events=part, objects=[])
            house.run(*TOLD)
        if not is_asked_first:
            fill(conn, small_account(), events=[])
            house.run(*TOLD)
        marts = _marts(conn)
        assert {("marts_cross", "learner_lifetime_value"), ("marts_finance", "fact_charge")} < marts
        compared = {name: compare(conn, "told", schema, name) for schema, name in marts}
    assert {name: found for name, found in compared.items() if found[1]} == {}
    assert compared["dim_subscription"][0] > len(
        small_account().objects()["objects"]["subscription"]
    )


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
