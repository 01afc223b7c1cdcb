"""Changes in the middle of a period: what is left of the old is credited, of the new charged."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

from ingest.simulate.money import shapes_billing
from ingest.simulate.money import shapes_invoices as shapes
from ingest.simulate.money.account import Object
from ingest.simulate.money.amounts import whole
from ingest.simulate.money.cycle import go_on
from ingest.simulate.money.invoicing import collect, draft, finalize
from ingest.simulate.money.lines import Entry, entries
from ingest.simulate.money.pricing import amount_of
from ingest.simulate.money.subscriptions import period_end, update
from ingest.simulate.money.timeline import SECOND
from ingest.simulate.money.world import Customer, World


def switch(
    world: World,
    customer: Customer,
    sub: Object,
    offer: str | None = None,
    quantity: int | None = None,
    *,
    bill_now: bool = False,
) -> None:
    """Another price or quantity for the first item, from now on.

    Prorations wait for the next invoice, or are billed at once. Another interval begins a new
    period today, which is always billed at once.
    """
    old = sub["items"]["data"][0]
    price = old["price"] if offer is None else world.catalogue.price(offer, sub["currency"])
    new = {
        **old,
        "plan": shapes_billing.plan(price),
        "price": price,
        "quantity": quantity or old["quantity"],
    }
    is_new_period = _cycle(price) != _cycle(old["price"])
    share = Fraction(
        old["current_period_end"] - world.now,
        old["current_period_end"] - old["current_period_start"],
    )
    fields: dict[str, Any] = {}
    billed = [] if sub["status"] == "trialing" else [_prorated(world, sub, old, -share)]
    if is_new_period:
        fields = {"billing_cycle_anchor": world.now, "_periods": 0}
        world.timeline.begin(go_on(world, customer, sub), world.now + SECOND)
        begin, until = world.now, period_end({**sub, **fields, "items": {"data": [new]}}, 1)
        new |= {"current_period_start": begin, "current_period_end": until}
        billed += entries(new, new["quantity"], begin, until)
    elif billed:
        billed.append(_prorated(world, sub, new, share))
    fields["items"] = {**sub["items"], "data": [new, *sub["items"]["data"][1:]]}
    update(world, sub, **fields)
    if not (bill_now or is_new_period) or not billed:
        sub["_pending"] += billed
        return
    invoice = draft(world, customer, sub, "subscription_update", billed)
    finalize(world, customer, invoice)
    collect(world, customer, invoice)
    update(world, sub, latest_invoice=invoice["id"])


def add_item(world: World, customer: Customer, sub: Object, offer: str, quantity: int) -> None:
    """One more thing in the same subscription; the rest of the period waits to be billed."""
    price = world.catalogue.price(offer, sub["currency"])
    like = sub["items"]["data"][0]
    id_ = world.account.new_id("si")
    item = shapes_billing.subscription_item(id_, world.now, sub["id"], price, quantity)
    item |= {
        "current_period_start": like["current_period_start"],
        "current_period_end": like["current_period_end"],
    }
    length = like["current_period_end"] - like["current_period_start"]
    share = Fraction(like["current_period_end"] - world.now, length)
    sub["_pending"].append(_prorated(world, sub, item, share))
    listed = sub["items"]
    items = [*listed["data"], item]
    update(world, sub, items={**listed, "data": items, "total_count": len(items)})


def drop_item(world: World, sub: Object, number: int) -> None:
    """One thing less; what was paid for it and not used is credited."""
    listed = sub["items"]
    item = listed["data"][number]
    length = item["current_period_end"] - item["current_period_start"]
    share = Fraction(item["current_period_end"] - world.now, length)
    sub["_pending"].append(_prorated(world, sub, item, -share))
    items = [kept for kept in listed["data"] if kept is not item]
    update(world, sub, items={**listed, "data": items, "total_count": len(items)})


def use(sub: Object, offer_item: int, amount: int) -> None:
    """Usage of a metered item, billed after the period."""
    item = sub["items"]["data"][offer_item]
    sub["_usage"][item["id"]] = sub["_usage"].get(item["id"], 0) + amount


def _prorated(world: World, sub: Object, item: Object, share: Fraction) -> Entry:
    """What is left of an item's period (of the old one: below 0), its percentage off included."""
    account = world.account
    price, quantity = item["price"], item["quantity"]
    full = amount_of(price, quantity)
    for discount in sub["_discounts"]:
        percent = discount["_coupon"]["percent_off"]
        if percent is not None:
            full *= 1 - Fraction(str(percent)) / 100
    amount = whole(full * share, sub["currency"])
    entry = Entry(
        amount,
        price,
        quantity,
        price["unit_amount_decimal"],
        world.now,
        item["current_period_end"],
        item["id"],
        is_proration=True,
    )
    made = shapes.invoice_item(
        account.new_id("ii"),
        world.now,
        sub["customer"],
        {
            "amount": amount,
            "currency": sub["currency"],
            "description": f"{'Unused' if share < 0 else 'Remaining'} time",
            "parent": {
                "subscription_details": {
                    "subscription": sub["id"],
                    "subscription_item": item["id"],
                },
                "type": "subscription_details",
            },
            "period": {"end": item["current_period_end"], "start": world.now},
            "pricing": shapes.pricing(price, price["unit_amount_decimal"]),
            "proration": True,
            "quantity": quantity,
        },
    )
    account.add(made, "invoiceitem.created")
    return replace(entry, invoice_item=made["id"])


def _cycle(price: Object) -> tuple[str, int]:
    return price["recurring"]["interval"], price["recurring"]["interval_count"]
