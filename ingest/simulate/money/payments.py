"""Payment intents, charges, refunds and disputes."""

from typing import Any

from ingest.simulate.money import shapes_payments as shapes
from ingest.simulate.money.account import Object
from ingest.simulate.money.amounts import card_fee, exchange_rate, settled
from ingest.simulate.money.balance import DAYS_TO_AVAILABLE
from ingest.simulate.money.timeline import DAY, HOUR, MINUTE, Story
from ingest.simulate.money.world import Customer, World

DISPUTE_FEE = 2_000  # euro cents, never given back
SLOW_BOOKING = 0.3  # of the charges: the event comes before the balance transaction
REFUSED = {
    "card_declined": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "authentication_required": "This payment needs the cardholder's authentication.",
}


def intend(
    world: World, customer: Customer, amount: int, what: str, metadata: dict[str, str]
) -> Object:
    """A payment intent that waits for an attempt."""
    account = world.account
    id_ = account.new_id("pi")
    intent = shapes.payment_intent(id_, world.now, amount, customer.currency, customer.id)
    intent |= {"description": what, "metadata": metadata}
    return account.add(intent, "payment_intent.created")


def attempt(world: World, customer: Customer, intent: Object) -> Object:
    """Charge the customer's card: `paid` of the charge says whether it went through."""
    account = world.account
    method = customer.card["id"]
    charge = shapes.charge(account.new_id("ch"), world.now, intent, method, customer.card)
    if customer.refusals:
        return _refused(world, intent, charge, customer.refusals.pop(0))
    rate = exchange_rate(charge["currency"], world.now)
    cents = settled(charge["amount"], charge["currency"], rate)
    fee = card_fee(cents, customer.card["country"], rate is not None)
    entry = world.ledger.book(
        ("charge", "charge"), cents, charge["id"], fee=fee, rate=rate, days=DAYS_TO_AVAILABLE
    )
    if world.dice.chance(SLOW_BOOKING):
        account.add(charge, "charge.succeeded")
        account.change(charge, "charge.updated", balance_transaction=entry["id"])
    else:
        charge["balance_transaction"] = entry["id"]
        account.add(charge, "charge.succeeded")
    account.change(
        intent,
        "payment_intent.succeeded",
        amount_received=intent["amount"],
        last_payment_error=None,
        latest_charge=charge["id"],
        payment_method=method,
        status="succeeded",
    )
    return charge


def cancel_intent(world: World, intent: Object) -> None:
    """Nobody paid it."""
    world.account.change(
        intent,
        "payment_intent.canceled",
        canceled_at=world.now,
        cancellation_reason="abandoned",
        status="canceled",
    )


def refund(world: World, charge: Object, amount: int | None = None) -> Object:
    """Give back some of a charge, or all that is left of it."""
    left = charge["amount"] - charge["amount_refunded"]
    back = left if amount is None else min(amount, left)
    account = world.account
    made = shapes.refund(account.new_id("re"), world.now, back, charge, "requested_by_customer")
    entry = world.ledger.book_foreign(("refund", "refund"), -back, charge["currency"], made["id"])
    made["balance_transaction"] = entry["id"]
    account.add(made, "refund.created")
    total = charge["amount_refunded"] + back
    account.change(
        charge,
        "charge.refunded",
        amount_refunded=total,
        refunded=total == charge["amount"],
    )
    return made


def fail_refund(world: World, made: Object) -> None:
    """The card's bank sends the money back: the refund never happened."""
    account = world.account
    entry = world.ledger.book_foreign(
        ("refund_failure", "refund_failure"), made["amount"], made["currency"], made["id"]
    )
    failed: dict[str, Any] = {
        "failure_balance_transaction": entry["id"],
        "failure_reason": "lost_or_stolen_card",
        "status": "failed",
    }
    account.change(made, "refund.failed", **failed)
    charge = account.get("charge", made["charge"])
    left = charge["amount_refunded"] - made["amount"]
    account.change(charge, "charge.updated", amount_refunded=left, refunded=False)


def dispute(world: World, charge: Object, reason: str, outcome: str) -> Story:
    """The cardholder complains. Outcome: `won`, `lost`, or `warning_closed` of an inquiry."""
    account = world.account
    is_inquiry = outcome == "warning_closed"
    prefix = "warning_" if is_inquiry else ""
    id_ = account.new_id("dp")
    case = shapes.dispute(id_, world.now, charge, reason, f"{prefix}needs_response")
    account.change(charge, None, disputed=not is_inquiry)
    kinds = ("adjustment", "dispute"), ("adjustment", "dispute_reversal")
    if is_inquiry:
        account.add(case, "charge.dispute.created")
    else:
        rate = exchange_rate(charge["currency"], world.now)
        cents = settled(charge["amount"], charge["currency"], rate)
        entry = world.ledger.book(kinds[0], -cents, id_, fee=DISPUTE_FEE, rate=rate)
        case["balance_transactions"] = [dict(entry)]
        account.add(case, "charge.dispute.created")
        account.tell("charge.dispute.funds_withdrawn", case)
    yield world.now + 4 * DAY + 5 * HOUR
    details = {**case["evidence_details"], "has_evidence": True, "submission_count": 1}
    account.change(
        case,
        "charge.dispute.updated",
        evidence_details=details,
        status=f"{prefix}under_review",
    )
    yield world.now + 20 * DAY + 7 * MINUTE
    account.change(case, "charge.dispute.closed", status=outcome)
    if outcome == "won":
        back = world.ledger.book_foreign(kinds[1], charge["amount"], charge["currency"], id_)
        both = [*case["balance_transactions"], dict(back)]
        account.change(case, "charge.dispute.funds_reinstated", balance_transactions=both)


def _refused(world: World, intent: Object, charge: Object, code: str) -> Object:
    account = world.account
    message = REFUSED[code]
    charge |= {
        "amount_captured": 0,
        "captured": False,
        "failure_code": code,
        "failure_message": message,
        "outcome": {
            "network_status": "declined_by_network",
            "reason": code,
            "risk_level": "normal",
            "risk_score": 31,
            "seller_message": "The bank did not approve this charge.",
            "type": "issuer_declined",
        },
        "paid": False,
        "status": "failed",
    }
    account.add(charge, "charge.failed")
    account.change(
        intent,
        "payment_intent.payment_failed",
        last_payment_error={
            "charge": charge["id"],
            "code": code,
            "decline_code": None,
            "message": message,
            "type": "card_error",
        },
        latest_charge=charge["id"],
    )
    return charge
