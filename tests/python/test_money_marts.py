"""Recurring and recognised revenue of a simulated account of Stripe, whose truth is known.

Events arrive shuffled and in several loads, then what the API lists. Figures are held against the
simulator's own notes, and metrics against a computation with pandas from these.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pytest
from metric_queries import parse_metrics, query_metrics
from stripe_account import small_account
from warehouse_fixtures import Warehouse

from ingest.build import NO_UNIT_TESTS
from ingest.simulate.money.amounts import CURRENCIES
from ingest.simulate.money.truth import account_truth

MARTS = (
    "fact_mrr_monthly",
    "fact_mrr_movement",
    "fact_subscription_event",
    "fact_revenue_recognition_daily",
    "subscription_metrics_monthly",
    "payment_quality_monthly",
    "finance_daily_summary",
    "fact_invoice_line",
    "fact_charge",
)
MOVING = [f"int_finance__item_mrr+,+{mart}" for mart in MARTS]
MOVED = ("opening", "new", "reactivation", "expansion", "contraction", "churn", "closing")
Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return account_truth(small_account())


@pytest.fixture(scope="module")
def house(account_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    return account_warehouse("money_warehouse")


@pytest.fixture
def conn(house: Warehouse) -> Iterator[psycopg.Connection]:
    with house.connect() as connection:
        yield connection


@pytest.mark.thorough  # in the demo they run on another account
def test_every_data_test_of_what_is_built_passes_on_the_account(house: Warehouse) -> None:
    """Those of the dimensions of other marts, which are not built here, are left to them."""
    outcome = house.dbt(
        "test",
        *("--select", *(f"+{mart}" for mart in MARTS), "--indirect-selection", "cautious"),
        *NO_UNIT_TESTS,
    )
    nodes = getattr(outcome.result, "results", [])
    results = {node.node.name: node.status for node in nodes if node.node.resource_type == "test"}
    assert {name: status for name, status in results.items() if status != "pass"} == {}
    assert {
        "mrr_movements_lead_from_month_to_month",
        "mrr_movements_add_up_in_total",
        "fx_is_what_the_opening_mrr_gains_by_the_rate",
        "changes_of_subscriptions_add_up_to_their_mrr",
        "recognised_revenue_adds_up_to_the_lines",
        "all_that_is_sold_has_a_rate",
    } <= results.keys()


def test_what_is_sold_in_a_currency_without_rates_is_told_unless_it_is_known(
    house: Warehouse,
) -> None:
    """The ECB has none of the Kuwaiti dinar."""
    known = "{unrated_currencies: []}"
    outcome = house.dbt("test", "--select", "all_that_is_sold_has_a_rate", "--vars", known)
    results = getattr(outcome.result, "results", [])
    [result] = [one for one in results if one.node.resource_type == "test"]
    assert (outcome.success, result.status, result.failures) == (True, "warn", 1)


def test_mrr_of_every_item_is_that_of_the_simulator_under_both_policies(
    conn: psycopg.Connection, truth: dict[str, Any]
) -> None:
    found = ask(
        conn,
        """
        select to_char(month_start_date, 'YYYY-MM'), customer_id, subscription_id,
            subscription_item_id, lower(currency), mrr_gross, mrr_net_forever_only,
            mrr_net_all_active, is_past_due
        from marts_finance.fact_mrr_monthly""",
    )
    expected = [
        (*row[:5], *(Decimal(amount) for amount in row[5:8]), row[8])
        for row in truth["mrr"]["month_ends"]
    ]
    assert len(expected) > 300
    assert {row[4] for row in expected} >= {"eur", "jpy", "kwd"}
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("policy", ["forever_only", "all_active"])
def test_movements_are_those_of_the_simulator(
    account_warehouse: Callable[[str], Warehouse], truth: dict[str, Any], policy: str
) -> None:
    of_policy = account_warehouse(policy)
    of_policy.run("run", "--select", *MOVING, "--vars", f"mrr_discount_policy: {policy}")
    amounts = ", ".join(f"{name}_mrr" for name in MOVED)
    with of_policy.connect() as conn:
        found = ask(
            conn,
            f"""
            select to_char(month_start_date, 'YYYY-MM'), customer_id, lower(currency), {amounts}
            from marts_finance.fact_mrr_movement""",
        )
    expected = [
        (*row[:3], *(Decimal(amount) for amount in row[3:]))
        for row in truth["mrr"]["movements"][policy]
    ]
    assert len(expected) > 300
    for number, movement in enumerate(MOVED, start=3):
        assert any(row[number] for row in expected), f"the account has no {movement}"
    assert sorted(found) == sorted(expected)


def test_trials_become_what_the_simulator_made_of_them(
    conn: psycopg.Connection, truth: dict[str, Any]
) -> None:
    found = ask(
        conn,
        """
        select subscription_id, extract(epoch from trial_ended_at)::bigint, is_converted, is_paid
        from intermediate.int_finance__trials""",
    )
    # a plan that paused when its trial ended, and was paid for later, has become one, too
    expected = [(*row[:2], row[2] or row[3], row[3]) for row in truth["trials"]]
    assert {row[2] for row in expected} == {True, False}
    assert sorted(found) == sorted(expected)


def test_metrics_follow_from_the_movements(conn: psycopg.Connection, truth: dict[str, Any]) -> None:
    moved = pd.DataFrame(
        [
            [*row[:3], *(float(amount) for amount in row[3:])]
            for row in truth["mrr"]["movements"]["forever_only"]
        ],
        columns=["month", "customer", "currency", *MOVED],
    )
    expected = {}
    for key, rows in moved.groupby(["month", "currency"]):
        there = rows[rows.opening > 0]
        opening = rows.opening.sum()
        expected[key] = (
            rows.closing.sum(),
            12 * rows.closing.sum(),
            _ratio(there[["opening", "closing"]].min(axis=1).sum(), opening),
            _ratio(there.closing.sum(), opening),
            _ratio(rows.churn.sum() + rows.contraction.sum(), opening),
            _ratio((there.closing == 0).sum(), len(there)),
            _ratio(rows.closing.sum(), (rows.closing > 0).sum()),
        )
    found = ask(
        conn,
        """
        select to_char(month_start_date, 'YYYY-MM'), lower(currency), closing_mrr, arr, grr_rate,
            nrr_rate, gross_mrr_churn_rate, customer_churn_rate, arpu
        from marts_finance.subscription_metrics_monthly
        where scope = 'currency' and opening_mrr + new_mrr + reactivation_mrr > 0""",
    )
    assert {(month, currency) for month, currency, *_ in found} == set(expected)
    for month, currency, *figures in found:
        held = [None if figure is None else float(figure) for figure in figures]
        assert held == pytest.approx(expected[month, currency], abs=1e-4), (month, currency)


def test_the_total_of_all_currencies_is_that_of_all_items(conn: psycopg.Connection) -> None:
    found = ask(
        conn,
        """
        select month_start_date, closing_mrr from marts_finance.subscription_metrics_monthly
        where scope = 'all'""",
    )
    expected = ask(
        conn,
        """
        select month_start_date,
            case when bool_and(mrr_reporting is not null) then sum(mrr_reporting) end
        from marts_finance.fact_mrr_monthly group by 1""",
    )
    # the sample of rates is younger than the account: before, there is no total
    totals = [total for _, total in expected]
    assert None in totals and len([total for total in totals if total]) >= 8
    assert sorted(found) == sorted(expected)


def test_payments_refunds_and_disputes_are_those_of_the_books(
    conn: psycopg.Connection, truth: dict[str, Any]
) -> None:
    books = truth["payments"]
    expected: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for month, currency, succeeded, amount, _ in books["charges"]:
        expected[month, currency].update({"charges": succeeded, "charged": amount})
    for month, paid_in, currency, number, amount in books["refunds"]:
        expected[month, currency].update({"refunds": number, "given back": amount})
        expected[paid_in, currency]["refunded"] += amount
    for month, paid_in, status, currency, number, amount in books["disputes"]:
        expected[month, currency].update({"disputes": number, status: number})
        expected[paid_in, currency]["disputed"] += amount
    names = [
        ("charges", "charges_count"),
        ("charged", "charges_amount"),
        ("refunds", "refunds_count"),
        ("given back", "refunds_amount"),
        ("refunded", "refunded_charges_amount"),
        ("disputes", "disputes_count"),
        ("won", "disputes_won_count"),
        ("lost", "disputes_lost_count"),
        ("disputed", "disputed_charges_amount"),
    ]
    columns = ", ".join(column for _, column in names)
    found = ask(
        conn,
        f"""
        select to_char(month_start_date, 'YYYY-MM'), lower(currency), {columns}
        from marts_finance.payment_quality_monthly where scope = 'currency'""",
    )
    for month, currency, *figures in found:
        for (name, column), figure in zip(names, figures, strict=True):
            held = _minor(figure, currency) if column.endswith("_amount") else figure
            assert held == expected[month, currency][name], (month, currency, column)
    assert expected.keys() <= {(month, currency) for month, currency, *_ in found}


def test_payments_succeed_and_recover_as_in_the_books(
    conn: psycopg.Connection, truth: dict[str, Any]
) -> None:
    tried: Counter[str] = Counter()
    paid: Counter[str] = Counter()
    recovered: Counter[str] = Counter()
    for _, month, is_paid, is_recovered in truth["payments"]["intents"]:
        tried[month] += 1
        paid[month] += is_paid
        recovered[month] += is_recovered
    found = ask(
        conn,
        """
        select to_char(month_start_date, 'YYYY-MM'), payments_count, payments_succeeded_count,
            payments_recovered_count
        from marts_finance.payment_quality_monthly where scope = 'all'""",
    )
    assert recovered.total() > 0
    assert sorted(row for row in found if row[1]) == sorted(
        (month, tried[month], paid[month], recovered[month]) for month in tried
    )


@pytest.mark.parametrize("part", ["scheduled", "recognised"])
def test_revenue_is_earned_in_the_months_of_the_simulator(
    conn: psycopg.Connection, truth: dict[str, Any], part: str
) -> None:
    """By the invoices alone, and less what was taken back: to the minor unit."""
    found = {
        (month, currency): _minor(amount, currency)
        for month, currency, amount in ask(
            conn,
            f"""
            select to_char(recognised_on, 'YYYY-MM'), lower(currency), sum({part}_amount)
            from marts_finance.fact_revenue_recognition_daily
            group by 1, 2""",
        )
        if amount
    }
    expected = {
        (month, currency): amount for month, currency, amount in truth["invoices"][part] if amount
    }
    assert {currency for _, currency in expected} >= {"eur", "jpy", "kwd"}
    assert found == expected


def test_void_and_unpaid_invoices_have_earned_nothing_in_the_end(
    conn: psycopg.Connection,
) -> None:
    found = ask(
        conn,
        """
        select lines.invoice_status, sum(abs(whole.recognised)), sum(abs(whole.scheduled)) > 0
        from (
            select invoice_line_key, sum(recognised_amount) as recognised,
                sum(scheduled_amount) as scheduled
            from marts_finance.fact_revenue_recognition_daily
            group by 1
        ) as whole
        inner join marts_finance.fact_invoice_line as lines using (invoice_line_key)
        where lines.invoice_status in ('void', 'uncollectible')
        group by 1""",
    )
    assert sorted(found) == [("uncollectible", 0, True), ("void", 0, True)]


def test_what_was_given_back_is_no_revenue(conn: psycopg.Connection, truth: dict[str, Any]) -> None:
    """Refunds and credit notes of paid invoices, as far as they were not tax."""
    found = ask(
        conn,
        """
        select kind, count(*), bool_and(abs(amount_minor) > 0)
        from intermediate.int_finance__line_reversals group by 1""",
    )
    assert {kind for kind, _, _ in found} == {"credit_note", "refund", "uncollectible", "void"}
    [(reversed_amount,)] = ask(
        conn,
        """
        select sum(reversed_amount) from marts_finance.fact_revenue_recognition_daily
        where currency = 'EUR'""",
    )
    assert reversed_amount > 0


def test_metrics_by_name_are_those_of_the_marts(
    house: Warehouse, conn: psycopg.Connection, tmp_path: Path
) -> None:
    parse_metrics(house)
    names = ["mrr", "arr"]
    found = {
        row["metric_time__month"][:7]: [Decimal(row[name]) for name in names]
        for row in query_metrics(house, tmp_path, names, "--group-by", "metric_time__month")
        if row["mrr"]
    }
    held = {
        month: [mrr, arr]
        for month, mrr, arr in ask(
            conn,
            """
            select to_char(month_start_date, 'YYYY-MM'), closing_mrr, arr
            from marts_finance.subscription_metrics_monthly
            where scope = 'all' and closing_mrr is not null""",
        )
    }
    assert found == held
    (total,) = query_metrics(house, tmp_path, ["net_revenue", "recognised_revenue"])
    [(net, earned)] = ask(
        conn,
        """
        select
            (select sum(net_revenue_reporting) from marts_finance.finance_daily_summary),
            (
                select sum(recognised_amount_reporting)
                from marts_finance.fact_revenue_recognition_daily where is_recognised
            )""",
    )
    assert [Decimal(total["net_revenue"]), Decimal(total["recognised_revenue"])] == [net, earned]
    assert net > 0 and earned > 0


def ask(conn: psycopg.Connection, query: str) -> Rows:
    return conn.execute(query.encode()).fetchall()


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _minor(amount: Decimal, currency: str) -> int:
    units = amount * 10 ** CURRENCIES[currency][0]
    assert units == int(units), f"{amount} {currency} is not exact"
    return int(units)
