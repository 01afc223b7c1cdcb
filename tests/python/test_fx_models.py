"""Rates that arrive after the money of their day, or are restated, reach what stands (law 2)."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from warehouse_fixtures import Warehouse

from ingest.build import NO_TESTS
from ingest.warehouse.bootstrap import bootstrap

LEDGER = "fact_balance_transaction"
# they show what arrives without being built again
NO_VIEWS = ("--exclude", "config.materialized:view")
BOOKINGS = """
insert into raw_stripe.objects (
    object_type, object_id, fetched_at, api_version, livemode, payload, _load_id, _loaded_at
)
select
    'balance_transaction', id, '2025-10-10', '2025-09-30', true,
    jsonb_build_object(
        'id', id, 'type', 'charge', 'reporting_category', 'charge', 'status', 'available',
        'currency', currency, 'amount', amount, 'fee', 0, 'net', amount, 'source', 'ch_' || id,
        'created', extract(epoch from timestamptz '2025-10-04 12:00+00')::bigint,
        'available_on', extract(epoch from timestamptz '2025-10-06 12:00+00')::bigint
    ),
    1, now()
from (values ('t1', 'usd', 11700), ('t2', 'eur', 2000), ('t3', 'kwd', 12340))
    as booked (id, currency, amount)
"""
RATE = """
insert into raw_ref.fx_rates (
    provider, currency, rate_date, units_per_eur, fetched_at, _load_id, _loaded_at
)
values (%(provider)s, %(currency)s, %(day)s, %(rate)s, %(read)s, %(load)s, now())
"""


@pytest.fixture(scope="module")
def warehouse_of_bookings(
    new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Warehouse:
    """Three bookings of a Saturday, and no rate."""
    target = tmp_path_factory.mktemp("fx_models") / "target"
    warehouse = Warehouse(new_database("fx_models"), target)
    with psycopg.connect(warehouse.dsn) as conn:
        bootstrap(conn)
        conn.execute(BOOKINGS)
    return warehouse


def reporting(warehouse: Warehouse, *options: str) -> list[Decimal | None]:
    """Build, and give what the dollars, euros and dinars of the ledger come to in euros."""
    warehouse.run("build", "--select", f"+{LEDGER}", *NO_TESTS, *options)
    with warehouse.connect() as conn:
        rows = conn.execute(
            f"select net_reporting from marts_finance.{LEDGER} order by source_id".encode()
        ).fetchall()
    return [amount for (amount,) in rows]


def add_rate(warehouse: Warehouse, load: int, **values: Any) -> None:
    known = {"provider": "ecb", "currency": "USD", "read": f"2025-10-{load:02} 16:00+00"}
    with warehouse.connect() as conn:
        conn.execute(RATE, known | {"load": load} | values)


def test_rates_of_later_loads_reach_the_ledger(warehouse_of_bookings: Warehouse) -> None:
    house, euros = warehouse_of_bookings, Decimal(20)
    assert reporting(house) == [None, euros, None]
    # too old for that Saturday; then the fixing of the Friday before
    add_rate(house, 11, day=date(2025, 9, 26), rate="1.3")
    assert reporting(house, *NO_VIEWS) == [None, euros, None]
    add_rate(house, 12, day=date(2025, 10, 3), rate="1.17")
    assert reporting(house, *NO_VIEWS) == [Decimal(100), euros, None]
    # Monday's has nothing to say of Saturday
    add_rate(house, 13, day=date(2025, 10, 6), rate="1.2")
    assert reporting(house, *NO_VIEWS) == [Decimal(100), euros, None]
    add_rate(house, 14, day=date(2025, 10, 3), rate="1.3")
    assert reporting(house, *NO_VIEWS) == [Decimal(90), euros, None]
    # another provider, of what the ECB lacks and of what it has
    add_rate(house, 15, day=date(2025, 10, 4), rate="0.35", currency="KWD", provider="other")
    add_rate(house, 16, day=date(2025, 10, 4), rate="1.5", provider="other")
    found = reporting(house, *NO_VIEWS)
    assert found == [Decimal(90), euros, Decimal("35.2571")]
    assert reporting(house, "--full-refresh") == found
    # what was known before the restatement
    known_then = reporting(house, "--vars", "{fx_as_of: '2025-10-13 20:00+00'}")
    assert known_then == [Decimal(100), euros, None]
    # in dollars, of which one euro was worth 1.3
    dollars = reporting(house, "--vars", "{reporting_currency: USD}")
    assert dollars == [Decimal(117), Decimal(26), Decimal("45.8343")]
