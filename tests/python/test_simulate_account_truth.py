"""The truth about a simulated account, held against terms written out by hand and the books."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from stripe_account import small_account

from ingest.simulate.money import shapes_billing as shapes
from ingest.simulate.money.amounts import card_fee, exchange_rate, settled, shared_out, whole
from ingest.simulate.money.deliver import deliveries
from ingest.simulate.money.plan import AccountPlan
from ingest.simulate.money.play import Played
from ingest.simulate.money.pricing import amount_of, parts
from ingest.simulate.money.timeline import DAY, months_later, periods_later
from ingest.simulate.money.truth import account_truth
from ingest.simulate.money.truth_mrr import item_mrr, mrr_truth
from ingest.simulate.money.truth_revenue import schedule, take_back
from ingest.simulate.money.world import Term

PLAN = AccountPlan(months=14, until=datetime(2025, 3, 1, tzinfo=UTC))
FOREVER = {"percent_off": 20, "duration": "forever"}
MONTHS = {"percent_off": 25, "duration": "repeating"}
ONCE = {"percent_off": 50, "duration": "once"}
AMOUNT = {"percent_off": None, "amount_off": 300, "duration": "forever"}
VOLUME = ((5, 2400, 0), (20, 1900, 0), (None, 1500, 0))
GRADUATED = ((3, 1000, 500), (10, 800, 0), (None, 500, 0))


@pytest.fixture(scope="module")
def account() -> Played:
    return small_account()


@pytest.fixture(scope="module")
def truth(account: Played) -> dict[str, Any]:
    return account_truth(account)


@pytest.mark.parametrize(
    ("price", "gross"),
    [
        ({"unit_amount": 2900}, "29.0000"),
        ({"unit_amount": 29990, "interval": "year"}, "24.9917"),
        ({"unit_amount": 890, "interval": "week"}, "38.5667"),
        ({"unit_amount": 7900, "count": 3}, "26.3333"),
        ({"unit_amount": 100, "interval": "day"}, "30.4167"),
        ({"unit_amount": 2900, "quantity": 3}, "87.0000"),
        ({"unit_amount": 4727, "currency": "jpy"}, "4727.0000"),
        ({"unit_amount": 9690, "currency": "kwd"}, "9.6900"),
        ({"unit_amount": 700, "pack": 5, "quantity": 12}, "21.0000"),
        ({"tiers": ("volume", VOLUME), "quantity": 5}, "120.0000"),
        ({"tiers": ("volume", VOLUME), "quantity": 6}, "114.0000"),
        ({"tiers": ("graduated", GRADUATED), "quantity": 12}, "101.0000"),
        ({"unit_amount": 11900, "tax": (19, True)}, "100.0000"),
        ({"unit_amount": 10000, "tax": (8.875, False)}, "100.0000"),
    ],
)
def test_a_price_is_worth_its_amount_a_month(price: dict[str, Any], gross: str) -> None:
    assert _mrr(_term(**price))[0] == gross


@pytest.mark.parametrize(
    ("coupon", "forever_only", "all_active"),
    [
        (FOREVER, "80.0000", "80.0000"),
        (MONTHS, "100.0000", "75.0000"),
        (ONCE, "100.0000", "100.0000"),
        (AMOUNT, "97.0000", "97.0000"),
        ({**AMOUNT, "amount_off": 20_000}, "0.0000", "0.0000"),
        ({**FOREVER, "percent_off": 100}, "0.0000", "0.0000"),
    ],
)
def test_a_discount_counts_by_how_long_it_lasts(
    coupon: dict[str, Any], forever_only: str, all_active: str
) -> None:
    found = _mrr(_term(unit_amount=10_000, discount=coupon))
    assert found == ("100.0000", forever_only, all_active)


def test_items_share_an_amount_off_by_what_they_cost() -> None:
    term = _term(unit_amount=3000, discount=AMOUNT)
    small = _price(unit_amount=1000)
    both = term._replace(items=(*term.items, ("si_2", small, 1)))
    assert [item.net["forever_only"] for item in item_mrr(both)] == [277_500, 92_500]


@pytest.mark.parametrize("status", ["trialing", "incomplete", "unpaid", "canceled", "paused"])
def test_who_does_not_pay_has_no_mrr(status: str) -> None:
    assert item_mrr(_term(unit_amount=2900, status=status)) == []


def test_who_is_late_has_mrr_and_who_pauses_has_none() -> None:
    assert _mrr(_term(unit_amount=2900, status="past_due"))[0] == "29.0000"
    assert item_mrr(_term(unit_amount=2900, is_paused=True)) == []


def test_movements_are_counted_when_they_happen() -> None:
    june = int(datetime(2024, 6, 1, tzinfo=UTC).timestamp())
    at = [june, june + 5 * DAY, june + 9 * DAY, june + 40 * DAY, june + 100 * DAY]
    terms = [
        _term(at=at[0], unit_amount=1000),
        _term(at=at[1], unit_amount=3000),
        _term(at=at[2], unit_amount=1500),
        _term(at=at[3], unit_amount=1500, status="canceled"),
        _term(at=at[4], unit_amount=2000, subscription="sub_2"),
    ]
    rows = mrr_truth(PLAN, terms)["movements"]["forever_only"]
    nothing = "0.0000"
    #             opening  new        react.     exp.       contr.     churn      closing
    assert [row[3:] for row in rows[:4]] == [
        [nothing, "10.0000", nothing, "20.0000", "15.0000", nothing, "15.0000"],
        ["15.0000", nothing, nothing, nothing, nothing, "15.0000", nothing],
        [nothing, nothing, "20.0000", nothing, nothing, nothing, "20.0000"],
        ["20.0000", nothing, nothing, nothing, nothing, nothing, "20.0000"],
    ]
    assert [row[0] for row in rows[:3]] == ["2024-06", "2024-07", "2024-09"]


def test_who_comes_and_goes_within_a_month_is_new_and_churn() -> None:
    june = int(datetime(2024, 6, 3, tzinfo=UTC).timestamp())
    terms = [
        _term(at=june, unit_amount=1000),
        _term(at=june + 7 * DAY, unit_amount=1000, status="canceled"),
    ]
    truth = mrr_truth(PLAN, terms)
    assert truth["month_ends"] == []
    assert [row[4] for row in truth["movements"]["all_active"]] == ["10.0000"]
    assert [row[8] for row in truth["movements"]["all_active"]] == ["10.0000"]


def test_of_several_states_within_a_second_the_last_counts() -> None:
    june = int(datetime(2024, 6, 3, tzinfo=UTC).timestamp())
    terms = [_term(at=june, unit_amount=5000), _term(at=june, unit_amount=1000)]
    rows = mrr_truth(PLAN, terms)["movements"]["forever_only"]
    assert rows[0][4] == "10.0000"
    assert rows[0][6] == "0.0000"


def test_movements_lead_from_one_month_end_to_the_next(truth: dict[str, Any]) -> None:
    for policy, column in (("forever_only", 6), ("all_active", 7)):
        ends: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row in truth["mrr"]["month_ends"]:
            ends[row[0], row[1]] += Decimal(row[column])
        closing: dict[str, Decimal] = {}
        for month, customer, _, *amounts in truth["mrr"]["movements"][policy]:
            opening, new, back, more, less, gone, after = map(Decimal, amounts)
            assert opening + new + back + more - less - gone == after
            assert opening == closing.get(customer, 0)
            assert after == ends[month, customer]
            closing[customer] = after
        assert len(closing) > 30


def test_the_account_moves_in_every_way(truth: dict[str, Any]) -> None:
    rows = truth["mrr"]["movements"]["forever_only"]
    moved = [sum(Decimal(row[column]) > 0 for row in rows) for column in range(4, 9)]
    assert all(count >= 2 for count in moved), moved


def test_what_products_earned_is_the_net_revenue(truth: dict[str, Any]) -> None:
    earned_by_month: Counter[str] = Counter()
    for month, _, gross, refunds, disputes, fees, net in truth["ledger"]["products"]:
        assert gross + refunds + disputes - fees == net
        earned_by_month[month] += net
    assert sorted(earned_by_month.items()) == truth["ledger"]["net_revenue"]


def test_the_balance_is_the_sum_of_the_books(account: Played, truth: dict[str, Any]) -> None:
    entries = truth["ledger"]["entries"]
    assert truth["ledger"]["balance"] == sum(row[-1] for row in entries)
    assert sum(row[3] for row in entries) == len(account.world.ledger.entries)


def test_what_is_scheduled_is_what_invoices_came_to(account: Played, truth: dict[str, Any]) -> None:
    expected: Counter[str] = Counter()
    for invoice in account.world.account.objects["invoice"].values():
        if invoice["status"] != "draft":
            expected[invoice["currency"]] += invoice["total_excluding_tax"]
    assert _by_currency(truth["invoices"]["scheduled"]) == expected


def test_what_is_recognised_in_the_end_was_not_taken_back(
    account: Played, truth: dict[str, Any]
) -> None:
    objects = account.world.account.objects
    expected: Counter[str] = Counter()
    for invoice in objects["invoice"].values():
        if invoice["status"] in ("open", "paid"):
            expected[invoice["currency"]] += invoice["total_excluding_tax"]
    for note in objects["credit_note"].values():
        expected[note["currency"]] -= note["total_excluding_tax"]
    refunded = [
        (refund, invoice)
        for refund in objects["refund"].values()
        for invoice in objects["invoice"].values()
        if refund["charge"] == invoice["_charge"]
        and not invoice["post_payment_credit_notes_amount"]
    ]
    assert len(refunded) == 1
    for refund, invoice in refunded:
        share = Decimal(invoice["total_excluding_tax"]) / invoice["total"]
        expected[refund["currency"]] -= round(refund["amount"] * share)
    assert _by_currency(truth["invoices"]["recognised"]) == expected


def test_a_line_is_earned_in_equal_parts_on_each_day_of_its_period() -> None:
    line = {"amount": 3100, "_reduction": 100, "taxes": []}
    january = int(datetime(2025, 1, 31, 15, tzinfo=UTC).timestamp())
    four_days = {"start": january, "end": january + 4 * DAY}
    assert schedule({**line, "period": four_days}) == (january // DAY, [Fraction(750)] * 4)
    at_once = {"start": january, "end": january}
    assert schedule({**line, "period": at_once}) == (january // DAY, [Fraction(3000)])


@pytest.mark.parametrize(
    ("day", "amount", "expected"),
    [
        (2, 15, [10, 10, 5, 5, 5]),  # of what is not earned yet
        (2, 42, [10, 10, -12, 0, 0]),  # and of what is
        (7, 20, [10, 10, 10, 10, 10, 0, 0, -20]),  # long after
        (-3, 50, [0, 0, 0, 0, 0]),  # before it began
    ],
)
def test_what_is_taken_back_comes_off_what_is_not_earned_yet(
    day: int, amount: int, expected: list[int]
) -> None:
    days = [Fraction(10)] * 5
    take_back(100, days, 100 + day, Fraction(amount))
    assert [int(part) for part in days] == expected


def test_trials_are_kept_given_up_and_never_paid(truth: dict[str, Any]) -> None:
    outcomes = Counter((is_converted, is_paid) for _, _, is_converted, is_paid in truth["trials"])
    assert outcomes[True, True] >= 2
    assert outcomes[True, False] >= 1  # Stripe calls it active
    assert outcomes[False, False] >= 2


def test_payments_that_failed_at_first_are_recovered_or_lost(truth: dict[str, Any]) -> None:
    outcomes = Counter((paid, recovered) for _, _, paid, recovered in truth["payments"]["intents"])
    assert outcomes[True, False] > 200
    assert outcomes[True, True] >= 3
    assert outcomes[False, False] >= 3


def test_the_truth_counts_every_event(account: Played, truth: dict[str, Any]) -> None:
    assert truth["events"]["total"] == len(account.events) == len(deliveries(account))
    assert sum(truth["events"]["types"].values()) == len(account.events)
    assert 2_500 <= truth["events"]["total"] <= 4_000


def test_a_bill_of_the_31st_comes_on_the_last_day_of_shorter_months() -> None:
    january = int(datetime(2025, 1, 31, 9, tzinfo=UTC).timestamp())
    days = [datetime.fromtimestamp(periods_later(january, "month", 1, n), UTC) for n in range(4)]
    assert [(day.month, day.day) for day in days] == [(1, 31), (2, 28), (3, 31), (4, 30)]
    leap = int(datetime(2024, 2, 29, tzinfo=UTC).timestamp())
    assert datetime.fromtimestamp(months_later(leap, 12), UTC).day == 28


def test_amounts_are_shared_out_to_the_unit() -> None:
    assert shared_out(100, [1, 1, 1]) == [34, 33, 33]
    assert shared_out(7, [0, 5, 0]) == [0, 7, 0]
    assert shared_out(5, [0, 0]) == [5, 0]


def test_three_decimal_amounts_are_rounded_to_ten() -> None:
    assert whole(Fraction(9685), "kwd") == 9690
    assert whole(Fraction(-9684), "kwd") == -9680
    assert whole(Fraction(5, 2), "eur") == 3
    assert whole(Fraction(-5, 2), "eur") == -3


def test_settlement_is_in_euro_cents_at_the_rate_of_a_major_unit() -> None:
    rate = exchange_rate("jpy", 1_750_000_000)
    assert rate is not None
    assert settled(4_727, "jpy", rate) == round(4_727 * rate * 100)
    assert settled(9_690, "kwd", 3 * rate / rate) == 2_907
    assert exchange_rate("eur", 0) is None
    assert settled(2_900, "eur", None) == 2_900


def test_foreign_cards_and_exchange_cost_more() -> None:
    assert card_fee(10_000, "DE", is_converted=False) == 175
    assert card_fee(10_000, "US", is_converted=False) == 350
    assert card_fee(10_000, "US", is_converted=True) == 550


def test_graduated_tiers_make_a_line_each() -> None:
    price = _price(tiers=("graduated", GRADUATED))
    assert [part.quantity for part in parts(price, 12)] == [3, 7, 2]
    assert [int(part.amount) for part in parts(price, 12)] == [3500, 5600, 1000]
    assert amount_of(price, 3) == 3500


def _by_currency(rows: list[list[Any]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for _, currency, amount in rows:
        found[currency] += amount
    return found


def _term(**given: Any) -> Term:
    price_fields = ("unit_amount", "interval", "count", "currency", "pack", "tiers")
    price = _price(**{name: given.pop(name) for name in price_fields if name in given})
    quantity = given.pop("quantity", 1)
    term = Term(
        at=0,
        subscription="sub_1",
        customer="cus_1",
        currency=price["currency"],
        status="active",
        is_paused=False,
        items=(("si_1", price, quantity),),
        discount=None,
        tax=(0, False),
    )
    return term._replace(**given)


def _price(
    unit_amount: int | None = None,
    interval: str = "month",
    count: int = 1,
    currency: str = "eur",
    pack: int | None = None,
    tiers: tuple[str, tuple[tuple[int | None, int, int], ...]] | None = None,
) -> dict[str, Any]:
    fields: dict[str, Any] = {"recurring": shapes.recurring(interval, count, "licensed")}
    if unit_amount is not None:
        fields |= {"unit_amount": unit_amount, "unit_amount_decimal": str(unit_amount)}
    if pack:
        fields["transform_quantity"] = {"divide_by": pack, "round": "up"}
    if tiers:
        listed = [
            {
                "up_to": up_to,
                "unit_amount_decimal": str(unit),
                "flat_amount": flat or None,
            }
            for up_to, unit, flat in tiers[1]
        ]
        fields |= {"billing_scheme": "tiered", "tiers_mode": tiers[0], "_tiers": listed}
    return shapes.price("price_1", 0, "prod_1", currency, fields)


def _mrr(term: Term) -> tuple[str, str, str]:
    item = item_mrr(term)[0]
    amounts = (item.gross, item.net["forever_only"], item.net["all_active"])
    gross, forever_only, all_active = (f"{amount / 10_000:.4f}" for amount in amounts)
    return gross, forever_only, all_active
