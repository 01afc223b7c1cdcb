"""The ledger and its facts on a simulated account of Stripe, whose books are known.

Events arrive shuffled and in several loads, then what the API lists. Figures are held against the
simulator's own books, and against a computation with pandas where those have none.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import psycopg
import pytest
from moodle_sites import Lane
from psycopg.conninfo import conninfo_to_dict
from stripe_account import fill, small_account
from warehouse_fixtures import Warehouse

from ingest.fx import ecb
from ingest.fx.load import load_fx
from ingest.settings import Settings
from ingest.simulate.money.amounts import CURRENCIES
from ingest.simulate.money.play import Played

MARTS = (
    "fact_balance_transaction",
    "fact_balance_fee",
    "fact_charge",
    "fact_payment_intent",
    "fact_invoice",
    "fact_invoice_line",
    "fact_refund",
    "fact_dispute",
    "fact_credit_note",
    "fact_payout",
    "finance_daily_summary",
    "dim_currency",
    "int_finance__fx_daily",
    "int_finance__ledger",
)
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
Cents = dict[tuple[str, str], int]  # (currency, month) -> minor units


@pytest.fixture(scope="module")
def account() -> Played:
    return small_account()


@pytest.fixture(scope="module")
def books(
    account: Played,
    sample_site: str,
    new_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Warehouse:
    """The account, the site it belongs to and rates, loaded and built."""
    directory = tmp_path_factory.mktemp("books")
    warehouse = Warehouse(new_database("books_warehouse"), directory / "target")
    Lane(sample_site, warehouse.dsn, directory).load()
    load_fx(_settings(warehouse), is_sample=True)
    events = list(account.events)
    random.Random(7).shuffle(events)  # noqa: S311
    with psycopg.connect(warehouse.dsn) as conn:
        fill(conn, account, events=events, loads=3)
    warehouse.run("build", "--select", *(f"+{mart}" for mart in MARTS), *NO_TESTS)
    return warehouse


@pytest.fixture
def conn(books: Warehouse) -> Iterator[psycopg.Connection]:
    with books.connect() as connection:
        yield connection


def _settings(warehouse: Warehouse) -> Settings:
    parts = conninfo_to_dict(warehouse.dsn)
    values = {f"pg_{name}": parts[name] for name in ("host", "port", "user", "password")}
    return Settings.model_validate(values | {"pg_dbname": parts["dbname"]})


def ask(conn: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    return conn.execute(query.encode()).fetchall()


def _month(epoch: int) -> str:
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m}"


def _minor(amount: Decimal, currency: str) -> int:
    units = amount * 10 ** CURRENCIES[currency.lower()][0]
    assert units == int(units), f"{amount} {currency} is not exact"
    return int(units)


def test_every_test_of_these_marts_passes_on_the_account(books: Warehouse) -> None:
    books.run("test", "--select", *MARTS, "--exclude-resource-type", "unit_test")


def test_refunds_disputes_fees_and_net_revenue_are_those_of_the_books(
    conn: psycopg.Connection, account: Played
) -> None:
    expected: dict[str, Cents] = defaultdict(lambda: defaultdict(int))
    for entry in account.world.ledger.entries:
        key = entry["currency"].upper(), _month(entry["created"])
        kind = {
            "charge": "gross_sales",
            "refund": "refunds",
            "refund_failure": "refunds",
            "dispute": "disputes",
            "dispute_reversal": "disputes",
            "fee": "fees",
            "payout": "payouts",
            "payout_reversal": "payouts",
        }[entry["reporting_category"]]
        if kind != "fees":
            expected[kind][key] += entry["amount"] * (1 if kind == "gross_sales" else -1)
        if kind != "payouts":
            expected["fees"][key] += entry["fee"] - (entry["amount"] if kind == "fees" else 0)
            expected["net_revenue"][key] += entry["net"]
    for kind, figures in expected.items():
        found = ask(
            conn,
            f"""
            select currency, to_char(date, 'YYYY-MM'), sum({kind})
            from marts_finance.finance_daily_summary group by 1, 2""",
        )
        cents = {(c, month): _minor(amount, c) for c, month, amount in found if amount}
        assert cents == {key: amount for key, amount in figures.items() if amount}, kind
        assert cents, f"the account has no {kind}"


def test_the_balance_is_that_of_the_account(conn: psycopg.Connection, account: Played) -> None:
    [(balance,)] = ask(
        conn,
        "select closing_balance from marts_finance.finance_daily_summary"
        " where currency = 'EUR' order by date desc limit 1",
    )
    assert _minor(balance, "eur") == sum(entry["net"] for entry in account.world.ledger.entries)


def test_charges_are_those_of_the_account_in_three_currencies(
    conn: psycopg.Connection, account: Played
) -> None:
    found = ask(
        conn,
        """
        select charge_id, currency, amount, amount_refunded, settlement_net, status,
            amount_reporting, date_key
        from marts_finance.fact_charge""",
    )
    charges = account.world.account.objects["charge"]
    bookings = account.world.account.objects["balance_transaction"]
    rates = _reference_rates()
    assert {row[0] for row in found} == set(charges)
    currencies = Counter(row[1] for row in found)
    assert {"EUR", "USD", "JPY", "KWD"} <= currencies.keys()
    for id_, currency, amount, refunded, net, status, reporting, day in found:
        charge = charges[id_]
        assert currency == charge["currency"].upper()
        assert _minor(amount, currency) == charge["amount"]
        assert _minor(refunded, currency) == charge["amount_refunded"]
        assert status == charge["status"]
        booking = bookings.get(charge["balance_transaction"])
        assert (net is None) == (booking is None)
        if booking:
            assert _minor(net, "eur") == booking["net"]
        if currency == "KWD":  # the ECB has no rate
            assert reporting is None
        else:
            rate = rates[currency, datetime.strptime(str(day), "%Y%m%d").date()]
            assert abs(reporting - amount / rate) <= Decimal("0.0001")


def _reference_rates() -> dict[tuple[str, date], Decimal]:
    """Rate of each currency on each day: the last one at most seven days old."""
    frame = pd.DataFrame(ecb.sample(), columns=["currency", "day", "rate"])
    frame["day"] = pd.to_datetime(frame.day)
    wide = frame.pivot_table(index="day", columns="currency", values="rate", aggfunc="first")
    days = pd.date_range(wide.index.min(), wide.index.max())
    daily = wide.reindex(days).ffill(limit=7)
    found = {("EUR", moment.date()): Decimal(1) for moment in days}
    for currency in daily.columns:
        for moment, rate in daily[currency].dropna().items():
            found[str(currency), pd.Timestamp(str(moment)).date()] = rate
    return found


def test_every_day_has_the_rate_that_pandas_gives_it(conn: psycopg.Connection) -> None:
    found = ask(
        conn,
        """
        select currency, rate_date, units_per_eur from intermediate.int_finance__fx_daily
        where currency <> 'BGN' and currency <> all (array(
            select currency from raw_ref.euro_entries
        )) and rate_date between '2024-01-02' and '2026-10-30'""",
    )
    rates = {key: rate for key, rate in _reference_rates().items() if key[0] != "BGN"}
    assert {(currency, day): rate for currency, day, rate in found} == rates
    # until the euro came, and from then on
    bulgaria = ask(
        conn,
        """
        select rate_date::text, units_per_eur from intermediate.int_finance__fx_daily
        where currency = 'BGN' and rate_date in ('2025-12-31', '2026-01-01', '2026-10-01')
        order by 1""",
    )
    assert bulgaria == [
        ("2025-12-31", Decimal("1.9558")),
        ("2026-01-01", Decimal("1.95583")),
        ("2026-10-01", Decimal("1.95583")),
    ]


def test_the_ledger_knows_whose_money_it_is(conn: psycopg.Connection, account: Played) -> None:
    objects = account.world.account.objects
    found = ask(
        conn,
        "select source_id, charge_id, customer_id, product_id"
        " from intermediate.int_finance__ledger"
        " where ledger_group in ('sales', 'refunds', 'disputes')",
    )
    assert found
    for source, charge_id, customer, _ in found:
        source_object = objects["refund"].get(source) or objects.get("dispute", {}).get(source)
        assert charge_id == (source_object["charge"] if source_object else source)
        assert customer == objects["charge"][charge_id]["customer"]
    assert any(product for *_, product in found)


def test_payouts_are_what_they_paid_out(conn: psycopg.Connection, account: Played) -> None:
    found = ask(
        conn, "select payout_id, transactions_count, amount, status from marts_finance.fact_payout"
    )
    payouts = account.world.account.objects["payout"]
    members = account.world.ledger.members
    assert {(id_, n, _minor(amount, "eur"), status) for id_, n, amount, status in found} == {
        (id_, len(members[id_]), payout["amount"], payout["status"])
        for id_, payout in payouts.items()
    }


def test_invoices_are_counted_by_status(conn: psycopg.Connection, account: Played) -> None:
    found = ask(
        conn, "select status, currency, sum(total) from marts_finance.fact_invoice group by 1, 2"
    )
    expected: Counter[tuple[str, str]] = Counter()
    for invoice in account.world.account.objects["invoice"].values():
        expected[invoice["status"], invoice["currency"].upper()] += invoice["total"]
    assert {(status, c): _minor(total, c) for status, c, total in found} == dict(expected)


def test_what_no_booking_of_stripe_may_say_is_noticed(books: Warehouse) -> None:
    """The identities are tests that fail when they are hurt."""
    wrongs = {
        "fees_add_up_to_the_fee_of_their_transaction": (
            "update marts_finance.fact_balance_fee set amount = amount + 0.01"
            " where balance_fee_key = (select min(balance_fee_key)"
            " from marts_finance.fact_balance_fee)"
        ),
        "payouts_are_the_sum_of_what_they_paid_out": (
            "update marts_finance.fact_payout set transactions_net = transactions_net + 0.01"
        ),
        "refunds_give_back_no_more_than_was_taken": (
            "update marts_finance.fact_refund set amount = 100000"
        ),
        "the_ledger_is_the_balance": (
            "update marts_finance.fact_balance_transaction set net = net + 0.01"
        ),
    }
    for test, wrong in wrongs.items():
        with books.connect() as conn:
            table = wrong.split()[1]
            conn.execute(f"create table kept as table {table}".encode())
            conn.execute(wrong.encode())
        try:
            assert not books.dbt("test", "--select", test).success, test
        finally:
            with books.connect() as conn:
                conn.execute(f"truncate {table}; insert into {table} table kept".encode())
                conn.execute("drop table kept")
        assert books.dbt("test", "--select", test).success, test
