"""A subscription's own changes, each told and noted: discounts, pauses, the end."""

from typing import Any

from ingest.simulate.money import shapes_billing as shapes
from ingest.simulate.money.account import Object
from ingest.simulate.money.timeline import DAY, Story, months_later, periods_later
from ingest.simulate.money.world import World

OVER = ("canceled", "incomplete_expired")


def update(
    world: World, sub: Object, event: str = "customer.subscription.updated", /, **fields: Any
) -> None:
    """Change a subscription, tell of it and note it."""
    world.account.change(sub, event, **fields)
    world.note(sub)


def apply_coupon(world: World, sub: Object, coupon: str) -> None:
    """A discount from now on."""
    before = list(sub["discounts"]), list(sub["_discounts"])
    made = discount(world, sub, coupon)
    sub["discounts"], sub["_discounts"] = before
    update(world, sub, discounts=[made["id"]], _discounts=[made])


def pause(world: World, sub: Object, days: int) -> Story:
    """No service and no bills for a while: invoices of that time are void."""
    until = world.now + days * DAY
    update(world, sub, pause_collection={"behavior": "void", "resumes_at": until})
    yield until
    if sub["status"] not in OVER:
        update(world, sub, pause_collection=None)


def cancel_at_period_end(world: World, sub: Object, feedback: str = "unused") -> None:
    """The customer has had enough, and uses what is paid."""
    details = {"comment": None, "feedback": feedback, "reason": "cancellation_requested"}
    end = sub["items"]["data"][0]["current_period_end"]
    update(
        world,
        sub,
        cancel_at=end,
        cancel_at_period_end=True,
        canceled_at=world.now,
        cancellation_details=details,
    )


def change_mind(world: World, sub: Object) -> None:
    """Cancelled, but not yet over: goes on after all."""
    details = {"comment": None, "feedback": None, "reason": None}
    update(
        world,
        sub,
        cancel_at=None,
        cancel_at_period_end=False,
        canceled_at=None,
        cancellation_details=details,
    )


def end(world: World, sub: Object, reason: str) -> None:
    """It is over now. Reasons: cancellation_requested, payment_failed, payment_disputed."""
    details = {**sub["cancellation_details"], "reason": reason}
    for discount in sub["_discounts"]:
        world.account.remove(discount, "customer.discount.deleted")
    update(
        world,
        sub,
        "customer.subscription.deleted",
        cancellation_details=details,
        canceled_at=sub["canceled_at"] or world.now,
        discounts=[],
        ended_at=world.now,
        status="canceled",
        _discounts=[],
    )


def period_end(sub: Object, periods: int) -> int:
    """End of the period of that number since the anchor, from 1."""
    recurring = sub["items"]["data"][0]["price"]["recurring"]
    anchor = sub["billing_cycle_anchor"]
    return periods_later(anchor, recurring["interval"], recurring["interval_count"], periods)


def discount(world: World, sub: Object, name: str) -> Object:
    """A coupon on a subscription, which is not told of it yet."""
    coupon = world.catalogue.coupons[name]
    months = coupon["duration_in_months"]
    ends = months_later(world.now, months) if months else None
    made = shapes.discount(world.account.new_id("di"), world.now, ends, coupon, sub)
    sub |= {"discounts": [made["id"]], "_discounts": [made]}
    if ends is not None:
        world.timeline.begin(_expire(world, sub, made))
    used = coupon["times_redeemed"] + 1
    world.account.change(coupon, "coupon.updated", times_redeemed=used)
    return world.account.add(made, "customer.discount.created")


def drop_discount(world: World, sub: Object, discount: Object) -> None:
    """It does not count any more."""
    world.account.remove(discount, "customer.discount.deleted")
    update(world, sub, discounts=[], _discounts=[])


def used_once(world: World, sub: Object, invoice: Object) -> None:
    """A coupon for one invoice is spent by this one."""
    for discount in sub["_discounts"]:
        if discount["_coupon"]["duration"] == "once" and invoice["subtotal"] > 0:
            drop_discount(world, sub, discount)


def _expire(world: World, sub: Object, discount: Object) -> Story:
    yield discount["end"]
    if discount in sub["_discounts"]:
        drop_discount(world, sub, discount)
