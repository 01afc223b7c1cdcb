"""Stories of people who subscribe."""

from ingest.simulate.money.changes import add_item, drop_item, switch, use
from ingest.simulate.money.cycle import pay_latest, resume
from ingest.simulate.money.invoicing import credit
from ingest.simulate.money.payments import dispute, refund
from ingest.simulate.money.shop_stories import check_out
from ingest.simulate.money.signup import subscribe
from ingest.simulate.money.subscriptions import (
    apply_coupon,
    cancel_at_period_end,
    change_mind,
    end,
    pause,
)
from ingest.simulate.money.timeline import DAY, HOUR, Story
from ingest.simulate.money.world import Customer, World


def stays(
    world: World, customer: Customer, offer: str, days: int = 0, coupon: str | None = None
) -> Story:
    """Subscribes, and cancels after so many days (0: never) to the end of the period."""
    sub = subscribe(world, customer, {offer: 1}, coupon=coupon)
    if customer.is_sent_by_shop:
        yield world.now + 5 * 60
        check_out(world, customer, customer.learner, subscription=sub["id"])
    if days:
        yield world.now + days * DAY
        cancel_at_period_end(world, sub)


def moves_up_and_down(world: World, customer: Customer) -> Story:
    """From the club to everything, billed at once, and back, with the next bill."""
    sub = subscribe(world, customer, {"club-month": 1})
    yield world.now + 100 * DAY
    switch(world, customer, sub, "all-month", bill_now=True)
    yield world.now + 130 * DAY
    switch(world, customer, sub, "club-month")


def moves_to_a_year(world: World, customer: Customer) -> Story:
    """A new period begins in the middle of the old one. Back again, the rest of the year is the
    customer's credit, and pays the next months."""
    sub = subscribe(world, customer, {"all-month": 1})
    yield world.now + 47 * DAY
    switch(world, customer, sub, "all-year")
    yield world.now + 140 * DAY
    switch(world, customer, sub, "all-month")


def moves_in_a_trial(world: World, customer: Customer) -> Story:
    """What was not paid is not prorated."""
    sub = subscribe(world, customer, {"club-month": 1}, trial_days=30)
    yield world.now + 12 * DAY
    switch(world, customer, sub, "all-month")
    yield world.now + 120 * DAY
    cancel_at_period_end(world, sub)


def leaves_and_returns(world: World, customer: Customer) -> Story:
    """Cancels to the end of the period, and comes back months later."""
    sub = subscribe(world, customer, {"all-month": 1})
    yield world.now + 70 * DAY
    cancel_at_period_end(world, sub, "too_expensive")
    yield world.now + 120 * DAY
    subscribe(world, customer, {"all-month": 1}, coupon="AUTUMN25")


def leaves_at_once(world: World, customer: Customer) -> Story:
    """And gets some of the last payment back."""
    sub = subscribe(world, customer, {"all-month": 1})
    yield world.now + 82 * DAY
    end(world, sub, "cancellation_requested")
    invoice = world.account.get("invoice", sub["latest_invoice"])
    refund(
        world, world.account.get("charge", invoice["_charge"]), invoice["amount_paid"] // 20 * 10
    )


def has_second_thoughts(world: World, customer: Customer) -> Story:
    """Cancels, and takes it back before the period ends."""
    sub = subscribe(world, customer, {"course-6-month": 1})
    yield world.now + 40 * DAY
    cancel_at_period_end(world, sub)
    yield world.now + 9 * DAY
    change_mind(world, sub)
    yield world.now + 90 * DAY
    cancel_at_period_end(world, sub, "other")


def has_two(world: World, customer: Customer) -> Story:
    """Two subscriptions, one of which is given up."""
    subscribe(world, customer, {"all-month": 1})
    yield world.now + 20 * DAY
    second = subscribe(world, customer, {"course-6-month": 1})
    yield world.now + 75 * DAY
    end(world, second, "cancellation_requested")


def pauses(world: World, customer: Customer) -> Story:
    """A month and a half abroad."""
    sub = subscribe(world, customer, {"all-month": 1})
    yield world.now + 95 * DAY
    yield from pause(world, sub, 45)
    yield world.now + 60 * DAY
    cancel_at_period_end(world, sub)


def tries(world: World, customer: Customer, days: int = 14) -> Story:
    """A trial that is kept for so many days."""
    sub = subscribe(world, customer, {"all-month": 1}, trial_days=14, coupon="WELCOME10")
    yield world.now + days * DAY
    cancel_at_period_end(world, sub)


def tries_without_card(world: World, customer: Customer, becomes: str, days: int) -> Story:
    """The trial ends and nothing can be charged: cancelled, or paused and taken up days later."""
    customer.refusals = ["card_declined"]
    offers: dict[str, int | None] = {"all-month": 1}
    sub = subscribe(world, customer, offers, trial_days=14, on_missing_card=becomes)
    if days:
        yield world.now + (14 + days) * DAY
        customer.refusals = []
        yield from resume(world, customer, sub)


def tries_and_fails(world: World, customer: Customer) -> Story:
    """Converted, says Stripe; and never paid."""
    sub = subscribe(world, customer, {"all-month": 1}, trial_days=7)
    yield sub["trial_end"] - DAY
    customer.refusals = ["insufficient_funds"] * 4


def fails(
    world: World, customer: Customer, times: int, gives_up: str = "cancel", offer: str = "all-month"
) -> Story:
    """Refused so many times from the second month on; four are too many."""
    subscribe(world, customer, {offer: 1}, gives_up=gives_up)
    yield world.now + 40 * DAY
    customer.refusals = ["expired_card"] * times


def fails_and_pays_late(world: World, customer: Customer) -> Story:
    """Unpaid for two months, with drafts piling up, then settled."""
    sub = subscribe(world, customer, {"all-month": 1}, gives_up="unpaid")
    yield world.now + 40 * DAY
    customer.refusals = ["insufficient_funds"] * 4
    yield world.now + 75 * DAY
    pay_latest(world, customer, sub)
    yield world.now + 80 * DAY
    cancel_at_period_end(world, sub)


def starts_twice(world: World, customer: Customer) -> Story:
    """The bank wants to be asked, and nobody answers; on the next day it works."""
    customer.refusals = ["authentication_required"] * 2
    subscribe(world, customer, {"all-month": 1})
    yield world.now + 26 * HOUR
    sub = subscribe(world, customer, {"all-month": 1}, coupon="FIRST7")
    yield world.now + 50 * DAY
    cancel_at_period_end(world, sub)


def gets_coupon_later(world: World, customer: Customer, coupon: str) -> Story:
    """To be kept; on two things at once, the second of which comes and goes."""
    sub = subscribe(world, customer, {"all-month": 1})
    yield world.now + 38 * DAY
    add_item(world, customer, sub, "course-6-month", 2)
    yield world.now + 20 * DAY
    apply_coupon(world, sub, coupon)
    yield world.now + 100 * DAY
    drop_item(world, sub, 1)


def is_metered(world: World, customer: Customer, metered: str, mean: int) -> Story:
    """Beside the plan, what is used is paid afterwards."""
    sub = subscribe(world, customer, {"club-month": 1, metered: None})
    for _ in range(30):
        yield world.now + world.dice.between(4 * DAY, 12 * DAY)
        if sub["status"] == "canceled":
            return
        use(sub, 1, world.dice.between(1, 2 * mean))


def is_credited(world: World, customer: Customer) -> Story:
    """A lesson did not take place: some of a paid invoice is credited and refunded."""
    sub = subscribe(world, customer, {"all-month": 1})
    yield world.now + 66 * DAY
    invoice = world.account.get("invoice", sub["latest_invoice"])
    credit(world, invoice, invoice["total"] // 40 * 10, "product_unsatisfactory")
    yield world.now + 100 * DAY
    cancel_at_period_end(world, sub)


def disputes_a_plan(world: World, customer: Customer, offer: str, outcome: str) -> Story:
    """The last payment of a plan is disputed; who lost it is out."""
    sub = subscribe(world, customer, {offer: 1})
    yield world.now + 100 * DAY
    invoice = world.account.get("invoice", sub["latest_invoice"])
    charge = world.account.get("charge", invoice["_charge"])
    yield from dispute(world, charge, "subscription_canceled", outcome)
    if outcome == "lost":
        end(world, sub, "payment_disputed")


def is_deleted(world: World, customer: Customer) -> Story:
    """Asked to be forgotten: plans end, and no call finds the customer any more."""
    sub = subscribe(world, customer, {"all-month": 1})
    yield world.now + 75 * DAY
    end(world, sub, "cancellation_requested")
    world.account.remove(customer.object, "customer.deleted")
