"""Revenue as it is earned, a list of days for each invoice line: nothing of the warehouse's SQL."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from ingest.simulate.money.account import Object
from ingest.simulate.money.timeline import DAY, month_of
from ingest.simulate.money.world import World

Reversal = tuple[int, Fraction]  # day since 1970, minor units


def revenue_truth(world: World) -> dict[str, Any]:
    """`scheduled` and `recognised`: month, currency, minor units; over all of every period, the
    future too.

    What lines of finalised invoices came to without tax and discount, in equal parts on every day
    (UTC) of their period without its last. Recognised is that less what was taken back: by credit
    notes, by refunds without one (their part without tax, shared by the lines), what was not paid
    of an invoice that was written off, and all that is left of a void one. What is taken back comes
    off what is not earned yet, evenly, and what exceeds that off the day it is known. Running sums
    of a line are rounded, so that its days add up.
    """
    taken_back = _reversals(world)
    scheduled: Counter[tuple[str, str]] = Counter()
    recognised: Counter[tuple[str, str]] = Counter()
    for invoice in world.account.objects["invoice"].values():
        if not invoice["status_transitions"]["finalized_at"]:
            continue
        for line in invoice["lines"]["data"]:
            first, days = schedule(line)
            currency = line["currency"]
            for month, amount in _by_month(first, days):
                scheduled[month, currency] += amount
            for reversal in sorted(taken_back[line["id"]]):
                take_back(first, days, *reversal)
            if invoice["status"] == "void":
                voided = invoice["status_transitions"]["voided_at"] // DAY
                take_back(first, days, voided, sum(days, Fraction(0)))
            for month, amount in _by_month(first, days):
                recognised[month, currency] += amount
    return {
        "scheduled": [[*key, amount] for key, amount in sorted(scheduled.items())],
        "recognised": [[*key, amount] for key, amount in sorted(recognised.items())],
    }


def schedule(line: Object) -> tuple[int, list[Fraction]]:
    """The first day (since 1970) of a line, and what it earns on each."""
    first, last = line["period"]["start"] // DAY, line["period"]["end"] // DAY
    number = max(last - first, 1)
    return first, [Fraction(untaxed(line), number)] * number


def take_back(first: int, days: list[Fraction], day: int, amount: Fraction) -> None:
    """Take an amount off what is earned from a day on, and the rest off that day."""
    number = max(day - first, 0)
    days += [Fraction(0)] * (number + 1 - len(days))
    ahead = sum(days[number:], Fraction(0))
    left = max(1 - amount / ahead, Fraction(0)) if ahead else Fraction(0)
    days[number:] = [part * left for part in days[number:]]
    days[number] -= amount - ahead * (1 - left)


def untaxed(line: Object) -> int:
    """Minor units of a line without tax and discount."""
    inclusive = sum(tax["amount"] for tax in line["taxes"] if tax["tax_behavior"] == "inclusive")
    return int(line["amount"] - line["_reduction"] - inclusive)


def _reversals(world: World) -> dict[str, list[Reversal]]:
    """By line of an invoice."""
    found: dict[str, list[Reversal]] = defaultdict(list)
    objects = world.account.objects
    in_notes = set()
    for note in objects["credit_note"].values():
        in_notes |= {back["refund"] for back in note["refunds"]}
        for line in note["lines"]["data"]:
            inclusive = sum(t["amount"] for t in line["taxes"] if t["tax_behavior"] == "inclusive")
            net = Fraction(line["amount"] - inclusive)
            found[line["invoice_line_item"]].append((note["created"] // DAY, net))
    by_charge = {one["_charge"]: one for one in objects["invoice"].values() if one["_charge"]}
    for back in objects["refund"].values():
        invoice = by_charge.get(back["charge"])
        if invoice and back["status"] == "succeeded" and back["id"] not in in_notes:
            for id_, part in _parts(invoice, back["amount"]):
                found[id_].append((back["created"] // DAY, part))
    for invoice in objects["invoice"].values():
        if invoice["status"] == "uncollectible":
            day = invoice["status_transitions"]["marked_uncollectible_at"] // DAY
            for id_, part in _parts(invoice, invoice["amount_remaining"]):
                found[id_].append((day, part))
    return found


def _parts(invoice: Object, amount: int) -> Iterator[tuple[str, Fraction]]:
    """An amount with tax, without it, by the lines it is of."""
    net = _whole(Fraction(amount * invoice["total_excluding_tax"], invoice["total"]))
    for line in invoice["lines"]["data"]:
        yield line["id"], Fraction(net * untaxed(line), invoice["total_excluding_tax"])


def _by_month(first: int, days: list[Fraction]) -> Iterator[tuple[str, int]]:
    total = Fraction(0)
    for number, earned in enumerate(days):
        before = _whole(total)
        total += earned
        yield month_of((first + number) * DAY), _whole(total) - before


def _whole(amount: Fraction) -> int:
    units = int(abs(amount) + Fraction(1, 2))
    return units if amount >= 0 else -units
