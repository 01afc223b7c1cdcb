"""Money that moved, from the simulator's own books: in euro cents, or in minor units where a
currency stands beside it."""

from collections import Counter, defaultdict
from typing import Any

from ingest.simulate.money.account import Object
from ingest.simulate.money.amounts import shared_out
from ingest.simulate.money.timeline import DAY, day_of, month_of
from ingest.simulate.money.truth_revenue import revenue_truth
from ingest.simulate.money.world import World

RECOVERY_DAYS = 30
REVENUE = ("charge", "refund", "refund_failure", "dispute", "dispute_reversal", "fee")


def ledger_truth(world: World) -> dict[str, Any]:
    """`entries`: month, type, reporting category, number, amount, fee, net.

    `net_revenue`: month, sum of net of charges, refunds, disputes and fees: what was earned, not
    what was paid out. `balance`: what is left at the end. `payouts`: id, amount, status, number of
    the transactions it paid out. `products`: month, product (null: Stripe's own fees), gross,
    refunds, disputes, fees (of charges and disputes), net; the parts of a charge go by what its
    lines cost, and what follows from a charge is parted alike.
    """
    entries = world.ledger.entries
    by_kind: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    revenue: Counter[str] = Counter()
    for entry in entries:
        month, kind = month_of(entry["created"]), (entry["type"], entry["reporting_category"])
        sums = by_kind[(month, *kind)]
        for n, value in enumerate((1, entry["amount"], entry["fee"], entry["net"])):
            sums[n] += value
        if entry["reporting_category"] in REVENUE:
            revenue[month] += entry["net"]
    payouts = world.account.objects["payout"].values()
    return {
        "entries": [[*key, *sums] for key, sums in sorted(by_kind.items())],
        "net_revenue": sorted(revenue.items()),
        "balance": sum(entry["net"] for entry in entries),
        "payouts": [
            [po["id"], po["amount"], po["status"], len(world.ledger.members[po["id"]])]
            for po in payouts
        ],
        "products": _products(world),
    }


def payments_truth(world: World) -> dict[str, Any]:
    """`charges`: month, currency, succeeded, their amount, failed.

    `refunds` that succeeded: month of the refund, month of the charge, currency, number, amount.
    `disputes` without inquiries: month, month of the charge, status now, currency, number, amount.
    `intents`: id, month of the first attempt, whether it succeeded, whether the first attempt
    failed and one within 30 days of it did not; a row per intent with an attempt.
    """
    charges = world.account.objects["charge"]
    paid: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    attempts: dict[str, list[Object]] = defaultdict(list)
    for charge in charges.values():
        sums = paid[month_of(charge["created"]), charge["currency"]]
        sums[0] += charge["paid"]
        sums[1] += charge["amount_captured"]
        sums[2] += not charge["paid"]
        attempts[charge["payment_intent"]].append(charge)
    refunds: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    for made in world.account.objects["refund"].values():
        if made["status"] == "succeeded":
            _count(refunds[(*_months(made, charges), made["currency"])], made)
    disputes: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    for case in world.account.objects["dispute"].values():
        if not case["status"].startswith("warning"):
            _count(disputes[(*_months(case, charges), case["status"], case["currency"])], case)
    return {
        "charges": [[*key, *sums] for key, sums in sorted(paid.items())],
        "refunds": [[*key, *sums] for key, sums in sorted(refunds.items())],
        "disputes": [[*key, *sums] for key, sums in sorted(disputes.items())],
        "intents": [_intent(id_, made) for id_, made in attempts.items()],
    }


def invoices_truth(world: World) -> dict[str, Any]:
    """`statuses`: status, currency, number, total, due, paid, remaining.

    `credit_notes`: type, currency, number, total. `scheduled`, `recognised`: see `truth_revenue`.
    """
    statuses: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * 5)
    for invoice in world.account.objects["invoice"].values():
        sums = statuses[invoice["status"], invoice["currency"]]
        values = (1, *(invoice[name] for name in AMOUNTS))
        for n, value in enumerate(values):
            sums[n] += value
    notes: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for note in world.account.objects["credit_note"].values():
        sums = notes[note["type"], note["currency"]]
        sums[0] += 1
        sums[1] += note["total"]
    return {
        "statuses": [[*key, *sums] for key, sums in sorted(statuses.items())],
        "credit_notes": [[*key, *sums] for key, sums in sorted(notes.items())],
        **revenue_truth(world),
    }


AMOUNTS = ("total", "amount_due", "amount_paid", "amount_remaining")


def _months(of_charge: Object, charges: dict[str, Object]) -> tuple[str, str]:
    return month_of(of_charge["created"]), month_of(charges[of_charge["charge"]]["created"])


def _count(sums: list[int], counted: Object) -> None:
    sums[0] += 1
    sums[1] += counted["amount"]


def _intent(id_: str, attempts: list[Object]) -> list[Any]:
    first = attempts[0]
    paid = [charge for charge in attempts if charge["paid"]]
    within = first["created"] + RECOVERY_DAYS * DAY
    is_recovered = not first["paid"] and any(charge["created"] <= within for charge in paid)
    return [id_, day_of(first["created"])[:7], bool(paid), is_recovered]


def _products(world: World) -> list[list[Any]]:
    charges, objects = world.account.objects["charge"], world.account.objects
    rows: dict[tuple[str, str | None], list[int]] = defaultdict(lambda: [0] * 5)
    columns = {"charge": 0, "refund": 1, "refund_failure": 1, "dispute": 2, "dispute_reversal": 2}
    for entry in world.ledger.entries:
        if entry["reporting_category"] not in REVENUE:
            continue
        month = month_of(entry["created"])
        source = entry["source"]
        if source is None:
            parts: list[tuple[str | None, int]] = [(None, 1)]
        else:
            told = objects["refund"].get(source) or objects["dispute"].get(source)
            charge = charges[told["charge"] if told else source]
            parts = list(world.journal.sold[charge["id"]])
        weights = [weight for _, weight in parts]
        column = columns.get(entry["reporting_category"])
        for (product, _), amount, fee in zip(
            parts, _parted(entry["amount"], weights), _parted(entry["fee"], weights), strict=True
        ):
            row = rows[month, product]
            if column is None:
                row[3] -= amount
            else:
                row[column] += amount
            row[3] += fee
            row[4] += amount - fee
    ordered = sorted(rows.items(), key=lambda row: (row[0][0], row[0][1] or ""))
    return [[*key, *sums] for key, sums in ordered]


def _parted(amount: int, weights: list[int]) -> list[int]:
    sign = -1 if amount < 0 else 1
    return [sign * part for part in shared_out(abs(amount), weights)]
