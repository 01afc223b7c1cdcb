"""The arithmetic of an invoice: discounts and taxes of its lines, and what they add up to."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ingest.simulate.money import shapes_invoices as shapes
from ingest.simulate.money.account import Account, Object
from ingest.simulate.money.amounts import shared_out, whole
from ingest.simulate.money.pricing import Part, parts


@dataclass(frozen=True)
class Entry:
    """A line before it is on an invoice."""

    amount: int
    price: Object
    quantity: int
    unit_amount: str | None
    start: int
    end: int
    item: str | None = None  # of the subscription
    invoice_item: str | None = None
    is_proration: bool = False  # what is prorated has its discount in the amount


def entries(item: Object, quantity: int, start: int, end: int) -> list[Entry]:
    """What a quantity of an item costs for a period."""
    price = item["price"]
    return [_entry(item, part, start, end) for part in parts(price, quantity)]


def compose(
    account: Account,
    invoice: Object,
    subscription: Object | None,
    given: list[Entry],
    tax: Object | None,
) -> None:
    """Put lines on a draft and add it up. Discounts are the subscription's."""
    discounts = subscription["_discounts"] if subscription else []
    coupon = discounts[0]["_coupon"] if discounts else None
    reductions = _reductions(given, coupon, invoice["currency"])
    discount_id = discounts[0]["id"] if discounts else None
    made = []
    for entry, reduction in zip(given, reductions, strict=True):
        made.append(_line(account, invoice, subscription, entry, tax, reduction, discount_id))
    fields = _sums(made, tax, discount_id)
    if coupon is not None:
        fields |= {"discounts": [discount_id], "_discounts": list(discounts)}
    invoice["lines"] |= {"data": made, "total_count": len(made)}
    invoice |= fields
    balance = invoice["starting_balance"]  # below 0: the customer's credit
    used = min(-balance, max(fields["total"], 0))
    invoice["amount_due"] = invoice["amount_remaining"] = max(fields["total"], 0) - used
    invoice["_balance_after"] = balance + used + min(fields["total"], 0)


def tax_of(amount: int, tax: Object | None, currency: str) -> int:
    """The tax in an amount, or on top of it."""
    if tax is None:
        return 0
    rate = Fraction(str(tax["percentage"])) / 100
    return whole(amount * rate / (1 + rate if tax["inclusive"] else 1), currency)


def _reductions(given: list[Entry], coupon: Object | None, currency: str) -> list[int]:
    """What the coupon takes off each line."""
    open_to_it = [0 if entry.is_proration else max(entry.amount, 0) for entry in given]
    if coupon is None:
        return [0] * len(given)
    if coupon["percent_off"] is not None:
        share = Fraction(str(coupon["percent_off"])) / 100
        return [whole(amount * share, currency) for amount in open_to_it]
    return shared_out(min(coupon["amount_off"], sum(open_to_it)), open_to_it)


def _line(
    account: Account,
    invoice: Object,
    subscription: Object | None,
    entry: Entry,
    tax: Object | None,
    reduction: int,
    discount: str | None,
) -> Object:
    taxable = entry.amount - reduction
    due = tax_of(taxable, tax, invoice["currency"])
    of = None if subscription is None else subscription["id"]
    has_discount = discount is not None and not entry.is_proration
    return shapes.line_item(
        account.new_id("il"),
        invoice["id"],
        invoice["currency"],
        {
            "amount": entry.amount,
            "description": f"{entry.quantity} x {entry.price['nickname']}",
            "discount_amounts": [{"amount": reduction, "discount": discount}]
            if has_discount
            else [],
            "discountable": not entry.is_proration,
            "discounts": [],
            "parent": shapes.parent_of_line(of, entry.item, entry.invoice_item, entry.is_proration),
            "period": {"end": entry.end, "start": entry.start},
            "pricing": shapes.pricing(entry.price, entry.unit_amount),
            "quantity": entry.quantity,
            "quantity_decimal": str(entry.quantity),
            "subtotal": entry.amount,
            "taxes": [] if tax is None else [shapes.tax(tax, due, _without(taxable, due, tax))],
            "_price": entry.price,
            "_tax": tax,
            "_reduction": reduction,
        },
    )


def _sums(lines: list[Object], tax: Object | None, discount: str | None) -> dict[str, Any]:
    subtotal = sum(line["amount"] for line in lines)
    reduced = sum(line["_reduction"] for line in lines)
    taxes = sum(entry["amount"] for line in lines for entry in line["taxes"])
    is_inclusive = tax is not None and tax["inclusive"]
    total = subtotal - reduced + (0 if is_inclusive else taxes)
    currency = lines[0]["currency"]
    untaxed = subtotal - tax_of(subtotal, tax, currency) if is_inclusive else subtotal
    return {
        "subtotal": subtotal,
        "subtotal_excluding_tax": untaxed,
        "total": total,
        "total_discount_amounts": []
        if discount is None
        else [{"amount": reduced, "discount": discount}],
        "total_excluding_tax": total - taxes,
        "total_taxes": [] if tax is None else [shapes.tax(tax, taxes, total - taxes)],
    }


def _without(taxable: int, due: int, tax: Object) -> int:
    return taxable - due if tax["inclusive"] else taxable


def _entry(item: Object, part: Part, start: int, end: int) -> Entry:
    price = item["price"]
    amount = whole(part.amount, price["currency"])
    return Entry(amount, price, part.quantity, part.unit_amount, start, end, item["id"])
