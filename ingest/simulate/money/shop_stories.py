"""Stories of courses bought at once, and of what became of the money."""

from collections.abc import Sequence

from ingest.simulate.money import shapes_payments as shapes
from ingest.simulate.money.account import Object
from ingest.simulate.money.catalogue import list_price
from ingest.simulate.money.payments import (
    attempt,
    cancel_intent,
    dispute,
    fail_refund,
    intend,
    refund,
)
from ingest.simulate.money.timeline import DAY, HOUR, MINUTE, Story
from ingest.simulate.money.world import Customer, World


def order(world: World, customer: Customer, product: str, learner: int | None) -> Object:
    """The payment intent of an order; it says for whom it is, if the shop knows."""
    metadata = {"order_id": f"order-{world.dice.token()[:10]}", "product_id": product}
    if learner is not None:
        metadata["moodle_user_id"] = str(learner)
    amount = list_price(product, customer.currency)
    return intend(world, customer, amount, f"Order of {product}", metadata)


def pay(world: World, customer: Customer, intent: Object) -> Object:
    """Charge it. What it was sold for goes into the books."""
    charge = attempt(world, customer, intent)
    if charge["paid"]:
        product = intent["metadata"]["product_id"]
        world.journal.sold[charge["id"]] = [(product, charge["amount"])]
    return charge


def check_out(world: World, customer: Customer, reference: int | None, **fields: object) -> None:
    """The payment page tells that it is done, and whom the shop sent there."""
    mode = "subscription" if "subscription" in fields else "payment"
    session = shapes.checkout_session(
        f"cs_live_{world.dice.token()}",
        world.now,
        mode,
        {
            "client_reference_id": None if reference is None else str(reference),
            "currency": customer.currency,
            "customer": customer.id,
            **fields,
        },
    )
    world.account.add(session, "checkout.session.completed")


def buys(world: World, customer: Customer, *products: str) -> Story:
    """One after the other, over weeks; a learner without a link is known by the payment page."""
    for product in products:
        is_known = "moodle_user_id" in customer.object["metadata"]
        intent = order(world, customer, product, customer.learner if is_known else None)
        yield world.now + world.dice.between(20, 2 * MINUTE)
        charge = pay(world, customer, intent)
        if customer.is_sent_by_shop:
            check_out(
                world,
                customer,
                customer.learner,
                amount_total=charge["amount"],
                payment_intent=intent["id"],
            )
        yield world.now + world.dice.between(12 * DAY, 30 * DAY)


def buys_for(world: World, customer: Customer, product: str, learners: Sequence[int]) -> Story:
    """A parent or an employer: an order for each learner."""
    for learner in learners:
        intent = order(world, customer, product, learner)
        yield world.now + world.dice.between(MINUTE, 5 * MINUTE)
        pay(world, customer, intent)
        yield world.now + world.dice.between(HOUR, 3 * DAY)


def gives_back(world: World, customer: Customer, product: str, *shares: int) -> Story:
    """Bought, and refunded by these percentages of the price; the last 100 is what is left."""
    intent = order(world, customer, product, customer.learner)
    yield world.now + MINUTE
    charge = pay(world, customer, intent)
    for share in shares:
        yield world.now + world.dice.between(2 * DAY, 9 * DAY)
        part = charge["amount"] * share // 1000 * 10
        refund(world, charge, None if share == 100 else part)


def refund_fails(world: World, customer: Customer, product: str) -> Story:
    """The card was closed; the second refund goes through."""
    intent = order(world, customer, product, customer.learner)
    yield world.now + MINUTE
    charge = pay(world, customer, intent)
    yield world.now + 3 * DAY
    made = refund(world, charge)
    yield world.now + 6 * DAY
    fail_refund(world, made)
    yield world.now + 2 * DAY
    refund(world, charge)


def disputes(world: World, customer: Customer, product: str, reason: str, outcome: str) -> Story:
    """Bought, and not recognised on the bill of the card."""
    intent = order(world, customer, product, customer.learner)
    yield world.now + MINUTE
    charge = pay(world, customer, intent)
    yield world.now + world.dice.between(10 * DAY, 25 * DAY)
    yield from dispute(world, charge, reason, outcome)


def tries_again(world: World, customer: Customer, product: str, days: int) -> Story:
    """Refused at first; pays some days later, or never (0)."""
    intent = order(world, customer, product, customer.learner)
    customer.refusals = ["card_declined", "insufficient_funds"]
    for _ in range(2):
        yield world.now + 2 * MINUTE
        pay(world, customer, intent)
    if days:
        yield world.now + days * DAY
        pay(world, customer, intent)
    else:
        yield world.now + DAY
        cancel_intent(world, intent)
