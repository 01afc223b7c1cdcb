"""Monthly recurring revenue and its movements, from what the simulator meant at every moment.

Amounts are text in major units with four decimals, each item's rounded once (halves away from
zero). What a policy takes off: `forever_only` only coupons without an end, `all_active` also those
of some months while they last; a coupon for one invoice takes nothing off what recurs.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from itertools import groupby
from typing import Any, NamedTuple

from ingest.simulate.money.amounts import CURRENCIES
from ingest.simulate.money.plan import AccountPlan
from ingest.simulate.money.pricing import amount_of
from ingest.simulate.money.timeline import month_of, months_later
from ingest.simulate.money.world import Term

POLICIES = {"forever_only": ("forever",), "all_active": ("forever", "repeating")}
MONTHLY = {
    "day": Fraction(365, 12),
    "week": Fraction(52, 12),
    "month": Fraction(1),
    "year": Fraction(1, 12),
}
DIGITS = 10_000
MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn")


class ItemMrr(NamedTuple):
    """What an item is worth a month, in ten-thousandths of the major unit."""

    item: str
    gross: int
    net: dict[str, int]  # by policy


def mrr_truth(plan: AccountPlan, terms: list[Term]) -> dict[str, Any]:
    """`month_ends`: month, customer, subscription, item, currency, gross, net by either policy,
    whether past due; at the month's last instant in UTC, of the last month at the plan's end.

    `movements`, by policy: month, customer, currency, opening, new, reactivation, expansion,
    contraction, churn, closing. Every change counts at its time: who comes and goes within a month
    is both new and churn. Months in which a customer had no MRR at all are left out.
    """
    lives = _lives(terms)
    return {
        "month_ends": list(_month_ends(plan, lives)),
        "movements": {policy: list(_movements(plan, lives, policy)) for policy in POLICIES},
    }


def item_mrr(term: Term) -> list[ItemMrr]:
    """Of the items under a term; nothing of a trial, a pause, or what is not being paid for."""
    if term.status not in ("active", "past_due") or term.is_paused:
        return []
    gross = [_monthly(price, amount_of(price, quantity)) for _, price, quantity in term.items]
    coupon = term.discount
    net = {}
    for policy, durations in POLICIES.items():
        counts = coupon is not None and coupon["duration"] in durations
        net[policy] = _discounted(term, gross, coupon) if coupon and counts else gross
    percent, is_inclusive = term.tax
    untaxed = 1 / (1 + Fraction(str(percent)) / 100) if is_inclusive else Fraction(1)
    scale = untaxed * Fraction(DIGITS, 10 ** CURRENCIES[term.currency][0])
    return [
        ItemMrr(
            item,
            _rounded(gross[n] * scale),
            {policy: _rounded(net[policy][n] * scale) for policy in POLICIES},
        )
        for n, (item, _, _) in enumerate(term.items)
    ]


def _monthly(price: dict[str, Any], amount: Fraction) -> Fraction:
    recurring = price["recurring"]
    return amount * MONTHLY[recurring["interval"]] / int(recurring["interval_count"])


def _discounted(term: Term, gross: list[Fraction], coupon: dict[str, Any]) -> list[Fraction]:
    """A percentage of each; an amount of every bill, shared by the items by what they cost."""
    if coupon["percent_off"] is not None:
        return [amount * (1 - Fraction(str(coupon["percent_off"])) / 100) for amount in gross]
    off = _monthly(term.items[0][1], Fraction(coupon["amount_off"]))
    total = sum(gross)
    return [max(amount - off * amount / total, Fraction(0)) for amount in gross] if total else gross


def _lives(terms: list[Term]) -> dict[str, list[Term]]:
    """By subscription, in order of time; of several within a second, the last."""
    lives: dict[str, dict[int, Term]] = defaultdict(dict)
    for term in terms:
        lives[term.subscription][term.at] = term
    return {subscription: list(life.values()) for subscription, life in lives.items()}


def _month_ends(plan: AccountPlan, lives: dict[str, list[Term]]) -> Iterator[list[Any]]:
    begin = plan.start
    while begin < plan.end:
        until = min(months_later(begin, 1), plan.end)
        for life in lives.values():
            current = [term for term in life if term.at < until][-1:]
            for term in current:
                for item in item_mrr(term):
                    yield [
                        month_of(begin),
                        term.customer,
                        term.subscription,
                        item.item,
                        term.currency,
                        _text(item.gross),
                        *(_text(item.net[policy]) for policy in POLICIES),
                        term.status == "past_due",
                    ]
        begin = until


def _movements(plan: AccountPlan, lives: dict[str, list[Term]], policy: str) -> Iterator[list[Any]]:
    steps: dict[tuple[str, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for life in lives.values():
        before = 0
        for term in life:
            after = sum(item.net[policy] for item in item_mrr(term))
            steps[term.customer, term.currency][term.at] += after - before
            before = after
    for (customer, currency), changes in steps.items():
        yield from _months_of(plan, customer, currency, sorted(changes.items()))


def _months_of(
    plan: AccountPlan, customer: str, currency: str, changes: list[tuple[int, int]]
) -> Iterator[list[Any]]:
    by_month = {
        month: list(found) for month, found in groupby(changes, lambda change: month_of(change[0]))
    }
    closing, is_known = 0, False
    begin = plan.start
    while begin < plan.end:
        month = month_of(begin)
        opening = closing
        moved = dict.fromkeys(MOVEMENTS, 0)
        for _, delta in by_month.get(month, ()):
            if delta > 0:
                kind = "expansion" if closing else "reactivation" if is_known else "new"
            else:
                kind = "contraction" if closing + delta else "churn"
            moved[kind] += abs(delta)
            closing += delta
            is_known = is_known or closing > 0
        if opening or closing or any(moved.values()):
            amounts = (opening, *moved.values(), closing)
            yield [month, customer, currency, *(_text(amount) for amount in amounts)]
        begin = months_later(begin, 1)


def _rounded(amount: Fraction) -> int:
    return math.floor(amount + Fraction(1, 2))


def _text(amount: int) -> str:
    return f"{amount // DIGITS}.{amount % DIGITS:04}"
