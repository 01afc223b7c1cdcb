"""The life of a subscription, period by period: how it begins, renews, falls behind and ends."""

from typing import Any

from ingest.simulate.money.account import Object
from ingest.simulate.money.invoicing import (
    add_draft,
    blank,
    collect,
    draft,
    finalize,
    void,
    write_off,
)
from ingest.simulate.money.lines import Entry, entries
from ingest.simulate.money.subscriptions import OVER, end, period_end, update, used_once
from ingest.simulate.money.timeline import DAY, HOUR, MINUTE, Story
from ingest.simulate.money.world import Customer, Trial, World

RETRIES = {"week": (1, 2), "month": (3, 5, 7), "year": (3, 5, 7)}  # days from one to the next


def live(world: World, customer: Customer, sub: Object) -> Story:
    """From the first day to the last."""
    if sub["status"] != "trialing":
        yield from _first_payment(world, customer, sub)
    else:
        _first_invoice(world, customer, sub)
        yield sub["trial_end"] - 3 * DAY
        if sub["status"] == "trialing":
            world.account.tell("customer.subscription.trial_will_end", sub)
    yield from go_on(world, customer, sub)


def resume(world: World, customer: Customer, sub: Object) -> Story:
    """A plan that was paused when its trial ended begins to be paid: from today."""
    update(world, sub, billing_cycle_anchor=world.now, _periods=-1)
    yield from _renew(world, customer, sub, "subscription_cycle", status="active")
    world.account.tell("customer.subscription.resumed", sub)
    yield from go_on(world, customer, sub)


def pay_latest(world: World, customer: Customer, sub: Object) -> None:
    """An unpaid subscription's customer settles the open invoice: it goes on."""
    invoice = world.account.get("invoice", sub["_open_invoice"])
    if collect(world, customer, invoice):
        update(world, sub, status="active")


def go_on(world: World, customer: Customer, sub: Object) -> Story:
    """From the current period on, until another rhythm begins."""
    rhythm = sub["billing_cycle_anchor"]
    while sub["status"] not in (*OVER, "paused") and sub["billing_cycle_anchor"] == rhythm:
        paid_until = sub["items"]["data"][0]["current_period_end"]
        if paid_until > world.now:
            if sub["items"]["data"][0]["price"]["recurring"]["interval"] == "year":
                yield from _announce(world, customer, sub, paid_until - 7 * DAY)
            yield paid_until
        elif sub["cancel_at_period_end"]:
            if sub["status"] == "trialing":
                world.journal.trials.append(Trial(sub["id"], world.now, is_converted=False))
            end(world, sub, "cancellation_requested")
        elif sub["status"] == "trialing":
            yield from _end_trial(world, customer, sub)
        else:
            yield from _renew(world, customer, sub, "subscription_cycle")


def _announce(world: World, customer: Customer, sub: Object, at: int) -> Story:
    """What the next invoice will be: it does not exist yet and has no id."""
    yield at
    items = sub["items"]["data"]
    if sub["status"] in OVER or items[0]["current_period_end"] != at + 7 * DAY:
        return
    given = [e for item in items for e in entries(item, item["quantity"], at, at)]
    preview = blank(world, customer, sub, "upcoming", given)
    del preview["id"]
    world.account.tell("invoice.upcoming", preview)


def _first_payment(world: World, customer: Customer, sub: Object) -> Story:
    invoice = _first_invoice(world, customer, sub)
    if sub["collection_method"] == "send_invoice":
        world.timeline.begin(_await_transfer(world, customer, sub, invoice))
        return
    yield world.now + world.dice.between(20, 3 * MINUTE)
    if collect(world, customer, invoice):
        update(world, sub, status="active")
        return
    yield world.now + 23 * HOUR
    if invoice["status"] == "open" and collect(world, customer, invoice):
        update(world, sub, status="active")
    elif invoice["status"] == "open":
        void(world, invoice)
        update(world, sub, status="incomplete_expired", ended_at=world.now)


def _first_invoice(world: World, customer: Customer, sub: Object) -> Object:
    given = []
    for item in sub["items"]["data"]:
        start, end_ = item["current_period_start"], item["current_period_end"]
        if sub["status"] == "trialing":
            given.append(
                Entry(0, item["price"], item.get("quantity", 0), "0", start, end_, item["id"])
            )
        elif "quantity" in item:
            given += entries(item, item["quantity"], start, end_)
    invoice = blank(world, customer, sub, "subscription_create", given)
    sub["latest_invoice"] = invoice["id"]
    world.account.tell("customer.subscription.created", sub)
    add_draft(world, invoice)
    finalize(world, customer, invoice, sub["days_until_due"] or 0)
    used_once(world, sub, invoice)
    return invoice


def _end_trial(world: World, customer: Customer, sub: Object) -> Story:
    """Stripe calls it active before anybody has paid."""
    lacks_card = _lacks_card(customer, sub)
    world.journal.trials.append(Trial(sub["id"], world.now, is_converted=not lacks_card))
    if lacks_card:
        if sub["trial_settings"]["end_behavior"]["missing_payment_method"] == "cancel":
            end(world, sub, "cancellation_requested")
        else:
            update(world, sub, "customer.subscription.paused", status="paused")
        return
    sub["_periods"] = -1
    yield from _renew(world, customer, sub, "subscription_cycle", status="active")


def _lacks_card(customer: Customer, sub: Object) -> bool:
    behaviour = sub["trial_settings"]["end_behavior"]["missing_payment_method"]
    return bool(behaviour != "create_invoice" and customer.refusals)


def _renew(world: World, customer: Customer, sub: Object, reason: str, **fields: Any) -> Story:
    """Bill the next period, and what was metered in the last one."""
    last = sub["items"]["data"][0]
    last_start, last_end = last["current_period_start"], last["current_period_end"]
    sub["_periods"] += 1
    items = [dict(item) for item in sub["items"]["data"]]
    begin, until = period_end(sub, sub["_periods"]), period_end(sub, sub["_periods"] + 1)
    for item in items:
        item |= {"current_period_start": begin, "current_period_end": until}
    given = list(sub["_pending"])
    sub["_pending"] = []
    for item in items:
        if "quantity" in item:
            given += entries(item, item["quantity"], begin, until)
        elif fields.get("status") != "active":  # what is used in a trial is free
            usage = sub["_usage"].pop(item["id"], 0)
            given += entries(item, usage, last_start, last_end) if usage else []
    if not given:
        update(world, sub, items={**sub["items"], "data": items}, **fields)
        return
    is_unpaid = sub["status"] == "unpaid"
    invoice = draft(world, customer, sub, reason, given, is_automatic=not is_unpaid)
    changed = {"items": {**sub["items"], "data": items}, "latest_invoice": invoice["id"]}
    update(world, sub, **changed, **fields)
    if is_unpaid:
        return  # stays a draft
    yield world.now + HOUR + world.dice.between(5, 90)
    if invoice["status"] != "draft":
        return
    finalize(world, customer, invoice, sub["days_until_due"] or 0)
    used_once(world, sub, invoice)
    if sub["pause_collection"] is not None and invoice["status"] == "open":
        void(world, invoice)
    elif sub["collection_method"] == "charge_automatically":
        yield from _settle(world, customer, sub, invoice)
    else:
        world.timeline.begin(_await_transfer(world, customer, sub, invoice))


def _settle(world: World, customer: Customer, sub: Object, invoice: Object) -> Story:
    """Charge, and try again for a while: recovered, cancelled, or left unpaid."""
    if collect(world, customer, invoice):
        if sub["status"] == "past_due":
            update(world, sub, status="active")
        return
    update(world, sub, status="past_due")
    sub["_open_invoice"] = invoice["id"]
    interval = sub["items"]["data"][0]["price"]["recurring"]["interval"]
    for days in RETRIES[interval]:
        yield world.now + days * DAY + world.dice.between(MINUTE, HOUR)
        if sub["status"] != "past_due":
            return
        if collect(world, customer, invoice):
            update(world, sub, status="active")
            return
    if sub["_gives_up"] == "unpaid":
        update(world, sub, status="unpaid")
    else:
        end(world, sub, "payment_failed")
        if sub["_gives_up"] == "write off":
            write_off(world, invoice)


def _await_transfer(world: World, customer: Customer, sub: Object, invoice: Object) -> Story:
    """Sent by mail: paid when the customer gets to it, at times too late or never."""
    days = sub["_pays_after"].pop(0) if sub["_pays_after"] else 9
    if days is None or days * DAY + world.now > invoice["due_date"]:
        yield invoice["due_date"] + HOUR
        if invoice["status"] == "open" and sub["status"] == "active":
            world.account.tell("invoice.overdue", invoice)
            update(world, sub, status="past_due")
    if days is None:
        return
    yield invoice["status_transitions"]["finalized_at"] + days * DAY + 2 * HOUR
    is_paid = invoice["status"] == "open" and collect(world, customer, invoice)
    if is_paid and sub["status"] == "past_due":
        update(world, sub, status="active")
