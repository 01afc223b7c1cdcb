"""How subscriptions come to be."""

from ingest.simulate.money import shapes_billing as shapes
from ingest.simulate.money.account import Object
from ingest.simulate.money.cycle import live
from ingest.simulate.money.subscriptions import discount, period_end
from ingest.simulate.money.timeline import DAY
from ingest.simulate.money.world import Customer, World


def subscribe(
    world: World,
    customer: Customer,
    offers: dict[str, int | None],
    *,
    coupon: str | None = None,
    trial_days: int = 0,
    metadata: dict[str, str] | None = None,
    days_until_due: int = 0,
    pays_after: tuple[int | None, ...] = (),
    on_missing_card: str = "create_invoice",
    gives_up: str = "cancel",
) -> Object:
    """Begin a subscription to offers, each with a quantity (None: metered).

    Paid at once, or after a trial, or by invoice within `days_until_due`: `pays_after` has the
    days the customer takes for each (None: never). `gives_up` says what becomes of it after the
    last try to charge: cancel, write off (and cancel), unpaid.
    """
    account = world.account
    tax = customer.tax
    sub = shapes.subscription(
        account.new_id("sub"),
        world.now,
        customer.id,
        {
            "collection_method": "send_invoice" if days_until_due else "charge_automatically",
            "currency": customer.currency,
            "days_until_due": days_until_due or None,
            "default_payment_method": customer.card["id"],
            "default_tax_rates": [] if tax is None else [tax],
            "metadata": metadata or {},
            "trial_settings": {"end_behavior": {"missing_payment_method": on_missing_card}},
            "_gives_up": gives_up,
            "_pays_after": list(pays_after),
            "_pending": [],
            "_usage": {},
            "_periods": 0,
        },
    )
    for offer, quantity in offers.items():
        _add_item(world, sub, offer, quantity)
    if coupon is not None:
        discount(world, sub, coupon)
    if trial_days:
        end = world.now + trial_days * DAY
        sub |= {"trial_start": world.now, "trial_end": end, "billing_cycle_anchor": end}
        _set_period(sub, world.now, end)
    else:
        _set_period(sub, world.now, period_end(sub, 1))
    sub["status"] = "trialing" if trial_days else "active" if days_until_due else "incomplete"
    account.add(sub)  # told of with its first invoice, which it names
    world.note(sub)
    world.timeline.begin(live(world, customer, sub))
    return sub


def _add_item(world: World, sub: Object, offer: str, quantity: int | None) -> None:
    price = world.catalogue.price(offer, sub["currency"])
    id_ = world.account.new_id("si")
    listed = sub["items"]
    listed["data"].append(shapes.subscription_item(id_, world.now, sub["id"], price, quantity))
    listed["total_count"] = len(listed["data"])


def _set_period(sub: Object, start: int, end_: int) -> None:
    for item in sub["items"]["data"]:
        item |= {"current_period_start": start, "current_period_end": end_}
