"""Objects as API version 2024-06-20 shows them: what the newer ones moved is where it was."""

from collections.abc import Callable
from typing import Any

from ingest.simulate.money.account import Object
from ingest.simulate.money.shapes_billing import plan


def as_old(state: Object) -> Object:
    """The same object, older. It is changed in place."""
    change = CHANGES.get(state["object"])
    if change is not None:
        change(state)
    return state


def _subscription(state: Object) -> None:
    """Periods were the subscription's, not its items'; one discount was shown in full."""
    for item in state["items"]["data"]:
        state["current_period_start"] = item.pop("current_period_start")
        state["current_period_end"] = item.pop("current_period_end")
        _price(item["price"])
    state["plan"] = state["items"]["data"][0]["plan"] if len(state["items"]["data"]) == 1 else None
    state["quantity"] = state["items"]["data"][0].get("quantity") if state["plan"] else None
    state["discount"] = _first_discount(state)
    del state["billing_mode"]


def _invoice(state: Object) -> None:
    parent = state.pop("parent")
    details = None if parent is None else parent["subscription_details"]
    taxes = state.pop("total_taxes")
    state |= {
        "charge": state["_charge"],
        "discount": _first_discount(state),
        "paid": state["status"] == "paid",
        "paid_out_of_band": False,
        "payment_intent": state["_payment_intent"],
        "quote": None,
        "subscription": None if details is None else details["subscription"],
        "subscription_details": {"metadata": None if details is None else details["metadata"]},
        "tax": sum(tax["amount"] for tax in taxes) if taxes else None,
        "total_tax_amounts": [_tax_amount(tax) for tax in taxes],
        "transfer_data": None,
    }
    for gone in ("amount_overpaid", "total_pretax_credit_amounts"):
        state.pop(gone)
    for line in state["lines"]["data"]:
        _line(line)


def _line(state: Object) -> None:
    parent, taxes, price = state.pop("parent"), state.pop("taxes"), state["_price"]
    details = parent["subscription_item_details"] or parent["invoice_item_details"]
    net = state["amount"] - state["_reduction"]
    inclusive = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")
    rate = state["_tax"]
    _price(price)
    state |= {
        "amount_excluding_tax": net - inclusive,
        "plan": plan(price) if price["recurring"] else None,
        "price": price,
        "proration": details["proration"],
        "proration_details": details["proration_details"],
        "subscription": details["subscription"],
        "subscription_item": details.get("subscription_item"),
        "tax_amounts": [_tax_amount(tax) for tax in taxes],
        "tax_rates": [] if rate is None else [rate],
        "type": "invoiceitem" if details["invoice_item"] else "subscription",
        "unit_amount_excluding_tax": state["pricing"]["unit_amount_decimal"],
    }
    if details["invoice_item"]:
        state["invoice_item"] = details["invoice_item"]
    for gone in ("pricing", "quantity_decimal", "subtotal", "pretax_credit_amounts"):
        state.pop(gone)


def _price(state: Object) -> None:
    """`aggregate_usage` is what meters took the place of."""
    if state["recurring"]:
        usage = "sum" if state["recurring"]["usage_type"] == "metered" else None
        state["recurring"]["aggregate_usage"] = usage
        state["recurring"].pop("meter", None)


def _payment(state: Object) -> None:
    """A charge or an intent knew its invoice."""
    state["invoice"] = state["_invoice"]


def _credit_note(state: Object) -> None:
    refunds, taxes = state.pop("refunds"), state.pop("total_taxes")
    state |= {
        "refund": refunds[0]["refund"] if refunds else None,
        "tax_amounts": [_tax_amount(tax) for tax in taxes],
    }
    for gone in ("post_payment_amount", "pre_payment_amount", "pretax_credit_amounts"):
        state.pop(gone)
    for line in state["lines"]["data"]:
        line["tax_amounts"] = [_tax_amount(tax) for tax in line.pop("taxes")]


def _discount(state: Object) -> None:
    """The coupon in full."""
    state["coupon"] = state["_coupon"]
    state.pop("source")


def _invoice_item(state: Object) -> None:
    parent = (state.pop("parent") or {}).get("subscription_details") or {}
    pricing = state.pop("pricing")
    state |= {
        "subscription": parent.get("subscription"),
        "subscription_item": parent.get("subscription_item"),
        "unit_amount_decimal": pricing["unit_amount_decimal"],
    }


def _first_discount(state: Object) -> Object | None:
    if not state["_discounts"]:
        return None
    discount: Object = state["_discounts"][0]
    _discount(discount)
    return discount


def _tax_amount(tax: Object) -> Object:
    return {
        "amount": tax["amount"],
        "inclusive": tax["tax_behavior"] == "inclusive",
        "tax_rate": tax["tax_rate_details"]["tax_rate"],
        "taxability_reason": tax["taxability_reason"],
        "taxable_amount": tax["taxable_amount"],
    }


CHANGES: dict[str, Callable[[Object], Any]] = {
    "charge": _payment,
    "credit_note": _credit_note,
    "discount": _discount,
    "invoice": _invoice,
    "invoiceitem": _invoice_item,
    "payment_intent": _payment,
    "price": _price,
    "subscription": _subscription,
}
