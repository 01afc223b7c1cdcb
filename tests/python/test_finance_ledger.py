"""The ledger and its facts on a simulated account of Stripe, whose books are known.

Events arrive shuffled and in several loads, then what the API lists. Figures are held against the
simulator's own books, and against a computation with pandas where those have none.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import psycopg
import pytest
from stripe_account import small_account
from warehouse_fixtures import Warehouse

from ingest.build import NO_UNIT_TESTS
from ingest.fx import ecb
from ingest.simulate.money.amounts import CURRENCIES
from ingest.simulate.money.play import Played
from ingest.simulate.money.truth import account_truth

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
DIMENSIONS = (
    "dim_customer",
    "dim_date",
    "dim_payment_method_type",
    "dim_price",
    "dim_product_catalog",
)
GROUPS = {
    "charge": "gross_sales",
    "refund": "refunds",
    "refund_failure": "refunds",
    "dispute": "disputes",
    "dispute_reversal": "disputes",
    "fee": "fees",
    "payout": "payouts",
    "payout_reversal": "payouts",
}


@pytest.fixture(scope="module")
def account() -> Played:
    return small_account()


@pytest.fixture(scope="module")
def expected(account: Played) -> dict[str, Any]:
    return account_truth(account)


@pytest.fixture(scope="module")
def books(account_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    return account_warehouse("books_warehouse")


@pytest.fixture
def conn(books: Warehouse) -> Iterator[psycopg.Connection]:
    with books.connect() as connection:
        yield connection


def ask(conn: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    return conn.execute(query.encode()).fetchall()


def _minor(amount: Decimal, currency: str) -> int:
    units = amount * 10 ** CURRENCIES[currency.lower()][0]
    assert units == int(units), f"{amount} {currency} is not exact"
    return int(units)


@pytest.mark.thorough  # in the demo they run on another account
def test_every_test_of_these_marts_passes_on_the_account(books: Warehouse) -> None:
    tests = ("--select", *MARTS, *DIMENSIONS, "--indirect-selection", "cautious")
    books.run("test", *tests, *NO_UNIT_TESTS)


def test_bookings_without_a_rate_are_told(books: Warehouse, conn: psycopg.Connection) -> None:
    """They are in the currency of the payouts, whatever was sold in."""
    one = "where balance_transaction_id = (select min(balance_transaction_id) from {0})"
    fact = "marts_finance.fact_balance_transaction"
    ((amount,),) = ask(conn, f"select amount_reporting from {fact} {one.format(fact)}")
    change = f"update {fact} set amount_reporting = %s {one.format(fact)}"
    conn.execute(change.encode(), [None])
    outcome = books.dbt("test", "--select", "all_money_of_the_ledger_has_a_rate")
    conn.execute(change.encode(), [amount])
    results = getattr(outcome.result, "results", [])
    [result] = [one for one in results if one.node.resource_type == "test"]
    assert (outcome.success, result.status, result.failures) == (True, "warn", 1)


def test_refunds_disputes_fees_and_net_revenue_are_those_of_the_books(
    conn: psycopg.Connection, expected: dict[str, Any]
) -> None:
    figures: dict[str, Counter[str]] = defaultdict(Counter)
    for month, _, category, _, amount, fee, net in expected["ledger"]["entries"]:
        kind = GROUPS[category]
        if kind == "fees":
            figures["fees"][month] -= net
        else:
            gained = amount if kind == "gross_sales" else -amount
            figures[kind][month] += gained
            figures["fees"][month] += fee
    figures["net_revenue"].update(dict(expected["ledger"]["net_revenue"]))
    for kind, months in figures.items():
        found = ask(
            conn,
            f"""
            select to_char(date, 'YYYY-MM'), sum({kind})
            from marts_finance.finance_daily_summary where currency = 'EUR' group by 1""",
        )
        cents = {month: _minor(amount, "eur") for month, amount in found}
        assert {month for month in months if months[month]}, f"the account has no {kind}"
        assert cents == {month: months[month] for month in cents}, kind
        assert set(months) <= set(cents), kind


def test_bookings_are_those_of_the_books(
    conn: psycopg.Connection, expected: dict[str, Any]
) -> None:
    found = ask(
        conn,
        """
        select to_char(created_at at time zone 'UTC', 'YYYY-MM'), type, reporting_category,
            count(*), sum(amount), sum(fee), sum(net)
        from marts_finance.fact_balance_transaction group by 1, 2, 3 order by 1, 2, 3""",
    )
    cents = [[*row[:4], *(_minor(amount, "eur") for amount in row[4:])] for row in found]
    assert cents == expected["ledger"]["entries"]
    [(balance,)] = ask(
        conn,
        "select closing_balance from marts_finance.finance_daily_summary"
        " where currency = 'EUR' order by date desc limit 1",
    )
    assert _minor(balance, "eur") == expected["ledger"]["balance"]


def test_charges_refunds_and_disputes_count_by_currency_and_by_both_months(
    conn: psycopg.Connection, expected: dict[str, Any]
) -> None:
    charges = ask(
        conn,
        """
        select to_char(created_at at time zone 'UTC', 'YYYY-MM'), lower(currency),
            count(*) filter (where is_paid), sum(amount_captured),
            count(*) filter (where not is_paid)
        from marts_finance.fact_charge group by 1, 2""",
    )
    truth = expected["payments"]
    assert sorted([*r[:3], _minor(r[3], r[1]), r[4]] for r in charges) == truth["charges"]
    refunds = ask(
        conn,
        """
        select to_char(created_at at time zone 'UTC', 'YYYY-MM'),
            to_char(charged_at at time zone 'UTC', 'YYYY-MM'), lower(currency), count(*),
            sum(amount)
        from marts_finance.fact_refund where is_succeeded group by 1, 2, 3""",
    )
    assert sorted([*r[:4], _minor(r[4], r[2])] for r in refunds) == truth["refunds"]
    disputes = ask(
        conn,
        """
        select to_char(created_at at time zone 'UTC', 'YYYY-MM'),
            to_char(charged_at at time zone 'UTC', 'YYYY-MM'), status, lower(currency), count(*),
            sum(amount)
        from marts_finance.fact_dispute where not is_inquiry group by 1, 2, 3, 4""",
    )
    assert sorted([*r[:5], _minor(r[5], r[3])] for r in disputes) == truth["disputes"]
    assert truth["refunds"] and truth["disputes"]


def test_payments_are_recovered_as_the_account_saw_it(
    conn: psycopg.Connection, expected: dict[str, Any]
) -> None:
    found = ask(
        conn,
        "select payment_intent_id, succeeded_at is not null, is_recovered"
        " from marts_finance.fact_payment_intent where attempts_count > 0",
    )
    truth = [(id_, paid, recovered) for id_, _, paid, recovered in expected["payments"]["intents"]]
    assert sorted(found) == sorted(truth)
    assert {True, False} == {recovered for *_, recovered in truth}


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


def test_payouts_are_what_they_paid_out(conn: psycopg.Connection, expected: dict[str, Any]) -> None:
    found = ask(
        conn, "select payout_id, amount, status, transactions_count from marts_finance.fact_payout"
    )
    cents = [[id_, _minor(amount, "eur"), status, n] for id_, amount, status, n in found]
    assert sorted(cents) == sorted(expected["ledger"]["payouts"])


def test_invoices_and_credit_notes_are_those_of_the_account(
    conn: psycopg.Connection, expected: dict[str, Any]
) -> None:
    invoices = ask(
        conn,
        """
        select status, lower(currency), count(*), sum(total), sum(amount_due), sum(amount_paid),
            sum(amount_remaining)
        from marts_finance.fact_invoice group by 1, 2""",
    )
    found = sorted([*r[:3], *(_minor(amount, r[1]) for amount in r[3:])] for r in invoices)
    assert found == expected["invoices"]["statuses"]
    notes = ask(
        conn,
        "select type, lower(currency), count(*), sum(total)"
        " from marts_finance.fact_credit_note group by 1, 2",
    )
    credited = sorted([*r[:3], _minor(r[3], r[1])] for r in notes)
    assert credited == expected["invoices"]["credit_notes"]


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
    books.run("test", "--select", *wrongs)
