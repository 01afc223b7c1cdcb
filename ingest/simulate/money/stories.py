"""What happens to single customers, one story each. A story begins on a day of its own."""

from ingest.simulate.money.changes import switch
from ingest.simulate.money.signup import subscribe
from ingest.simulate.money.subscriptions import cancel_at_period_end
from ingest.simulate.money.timeline import DAY, Story
from ingest.simulate.money.world import Customer, World


def stays(world: World, customer: Customer, offer: str) -> Story:
    """Subscribes and is content."""
    subscribe(world, customer, {offer: 1})
    return
    yield


def upgrades(world: World, customer: Customer) -> Story:
    """From the club to everything, and back."""
    sub = subscribe(world, customer, {"club-month": 1})
    yield world.now + 100 * DAY
    switch(world, customer, sub, "all-month", bill_now=True)
    yield world.now + 130 * DAY
    switch(world, customer, sub, "club-month")


def leaves_and_returns(world: World, customer: Customer) -> Story:
    """Cancels to the end of the period, and comes back months later."""
    sub = subscribe(world, customer, {"all-month": 1})
    yield world.now + 70 * DAY
    cancel_at_period_end(world, sub)
    yield world.now + 120 * DAY
    subscribe(world, customer, {"all-month": 1})


def fails_and_leaves(world: World, customer: Customer) -> Story:
    """The card expires and nobody notices."""
    subscribe(world, customer, {"all-month": 1})
    yield world.now + 40 * DAY
    customer.refusals = ["expired_card"] * 4


def fails_and_recovers(world: World, customer: Customer) -> Story:
    """Little money at the end of the month."""
    subscribe(world, customer, {"all-month": 1})
    yield world.now + 100 * DAY
    customer.refusals = ["insufficient_funds"] * 2


def tries(world: World, customer: Customer) -> Story:
    """A trial that is kept."""
    subscribe(world, customer, {"all-month": 1}, trial_days=14)
    return
    yield
