"""Invoices from the draft to their end: paid, void or uncollectible; and credit notes."""

from typing import Any

from ingest.simulate.money import shapes_invoices as shapes
from ingest.simulate.money.account import Object
from ingest.simulate.money.amounts import shared_out
from ingest.simulate.money.lines import Entry, compose, tax_of
from ingest.simulate.money.payments import attempt, cancel_intent, intend, refund
from ingest.simulate.money.timeline import DAY, HOUR
from ingest.simulate.money.world import Customer, World


def draft(
    world: World,
    customer: Customer,
    subscription: Object | None,
    reason: str,
    given: list[Entry],
    *,
    is_automatic: bool = True,
) -> Object:
    """A draft of these lines. An automatic one will be finalised by Stripe in an hour."""
    invoice = blank(world, customer, subscription, reason, given)
    return add_draft(world, invoice, is_automatic=is_automatic)


def add_draft(world: World, invoice: Object, *, is_automatic: bool = True) -> Object:
    """Tell of an invoice nobody was told of, as a draft."""
    invoice["auto_advance"] = is_automatic
    invoice["automatically_finalizes_at"] = world.now + HOUR if is_automatic else None
    return world.account.add(invoice, "invoice.created")


def blank(
    world: World, customer: Customer, subscription: Object | None, reason: str, given: list[Entry]
) -> Object:
    """An invoice that nobody was told of."""
    account = world.account
    invoice = shapes.invoice(
        account.new_id("in"),
        world.now,
        customer.object,
        {
            "billing_reason": reason,
            "currency": customer.currency,
            "period_end": max(entry.end for entry in given) if subscription is None else world.now,
            "period_start": min(entry.start for entry in given),
            "starting_balance": customer.object["balance"],
        },
    )
    if subscription is not None:
        invoice |= {
            "collection_method": subscription["collection_method"],
            "parent": shapes.parent_of_invoice(subscription),
        }
    compose(account, invoice, subscription, given, customer.tax)
    return invoice


def finalize(world: World, customer: Customer, invoice: Object, days_until_due: int = 0) -> None:
    """Open it; one with nothing to pay is paid at once."""
    account = world.account
    number = customer.object["next_invoice_sequence"]
    balance = invoice["_balance_after"]
    if balance != customer.object["balance"]:
        account.change(
            customer.object, "customer.updated", balance=balance, next_invoice_sequence=number + 1
        )
    else:
        customer.object["next_invoice_sequence"] = number + 1
    if invoice["amount_due"]:
        intent = intend(world, customer, invoice["amount_due"], f"Invoice {number}", {})
        intent["_invoice"] = invoice["id"]
        invoice["_payment_intent"] = intent["id"]
    account.change(
        invoice,
        "invoice.finalized",
        automatically_finalizes_at=None,
        due_date=world.now + days_until_due * DAY if days_until_due else None,
        effective_at=world.now,
        ending_balance=balance,
        number=f"{customer.object['invoice_prefix']}-{number:04}",
        status="open",
        status_transitions={**invoice["status_transitions"], "finalized_at": world.now},
    )
    if not invoice["amount_due"]:
        _paid(world, invoice)


def collect(world: World, customer: Customer, invoice: Object) -> bool:
    """Try to charge what is due. True if the invoice is paid now."""
    account = world.account
    if invoice["status"] != "open":
        return bool(invoice["status"] == "paid")
    intent = account.get("payment_intent", invoice["_payment_intent"])
    charge = attempt(world, customer, intent)
    attempts = {"attempt_count": invoice["attempt_count"] + 1, "attempted": True}
    if not charge["paid"]:
        again = world.now + 3 * DAY
        account.change(invoice, None, **attempts, next_payment_attempt=again)
        account.tell("invoice.payment_failed", invoice)
        if not customer.object["delinquent"]:
            account.change(customer.object, "customer.updated", delinquent=True)
        return False
    invoice |= attempts
    if customer.object["delinquent"]:
        account.change(customer.object, "customer.updated", delinquent=False)
    world.journal.sold[charge["id"]] = _products(world, invoice, charge["amount"])
    _paid(world, invoice, charge["id"])
    payment = shapes.invoice_payment(account.new_id("inpay"), world.now, invoice, intent["id"])
    account.add(payment, "invoice_payment.paid")
    return True


def void(world: World, invoice: Object) -> None:
    """It should not have been; whatever payment waits for it is cancelled."""
    if invoice["_payment_intent"]:
        cancel_intent(world, world.account.get("payment_intent", invoice["_payment_intent"]))
    _ended(world, invoice, "invoice.voided", "void", "voided_at")


def write_off(world: World, invoice: Object) -> None:
    """Nobody will pay it."""
    event = "invoice.marked_uncollectible"
    _ended(world, invoice, event, "uncollectible", "marked_uncollectible_at")


def credit(world: World, invoice: Object, amount: int, reason: str) -> Object:
    """A credit note for part of an invoice: less to pay before it is paid, a refund after.

    `amount` includes the tax and lies on the first line.
    """
    account = world.account
    line = invoice["lines"]["data"][0]
    rate = line["_tax"]
    included = None if rate is None else {**rate, "inclusive": True}
    tax = tax_of(amount, included, invoice["currency"])
    net = amount - tax
    taxes = [] if rate is None else [shapes.tax(rate, tax, net)]
    on_line = amount if rate is not None and rate["inclusive"] else net
    is_paid = invoice["status"] == "paid"
    fields: dict[str, Any] = {
        "amount": amount,
        "pre_payment_amount": 0 if is_paid else amount,
        "post_payment_amount": amount if is_paid else 0,
        "reason": reason,
        "subtotal": on_line,
        "subtotal_excluding_tax": net,
        "total": amount,
        "total_excluding_tax": net,
        "total_taxes": taxes,
        "type": "post_payment" if is_paid else "pre_payment",
    }
    note = shapes.credit_note(account.new_id("cn"), world.now, invoice, fields)
    line_id = account.new_id("cnli")
    note["lines"]["data"] = [shapes.credit_note_line(line_id, line, on_line, taxes)]
    if is_paid:
        charge = account.get("charge", invoice["_charge"])
        back = refund(world, charge, amount)
        note["refunds"] = [{"amount_refunded": amount, "refund": back["id"], "type": "refund"}]
    account.add(note, "credit_note.created")
    if is_paid:
        total = invoice["post_payment_credit_notes_amount"] + amount
        account.change(invoice, "invoice.updated", post_payment_credit_notes_amount=total)
        return note
    due = invoice["amount_due"] - amount
    intent = account.get("payment_intent", invoice["_payment_intent"])
    account.change(intent, None, amount=due)
    account.change(
        invoice,
        "invoice.updated",
        amount_due=due,
        amount_remaining=due,
        pre_payment_credit_notes_amount=invoice["pre_payment_credit_notes_amount"] + amount,
    )
    return note


def _paid(world: World, invoice: Object, charge: str | None = None) -> None:
    account = world.account
    account.change(
        invoice,
        "invoice.paid",
        amount_paid=invoice["amount_due"],
        amount_remaining=0,
        attempted=True,
        auto_advance=False,
        next_payment_attempt=None,
        status="paid",
        status_transitions={**invoice["status_transitions"], "paid_at": world.now},
        _charge=charge,
    )
    account.tell("invoice.payment_succeeded", invoice)


def _ended(world: World, invoice: Object, event: str, status: str, moment: str) -> None:
    transitions = {**invoice["status_transitions"], moment: world.now}
    world.account.change(
        invoice,
        event,
        auto_advance=False,
        next_payment_attempt=None,
        status=status,
        status_transitions=transitions,
    )


def _products(world: World, invoice: Object, amount: int) -> list[tuple[str, int]]:
    """The products an invoice's payment was for; a credit among the lines lessens none of them."""
    lines = invoice["lines"]["data"]
    weights = [max(line["amount"] - line["_reduction"], 0) for line in lines]
    names = {product["id"]: name for name, product in world.catalogue.products.items()}
    shares = shared_out(amount, weights)
    return [
        (names[line["_price"]["product"]], share)
        for line, share in zip(lines, shares, strict=True)
        if share
    ]
