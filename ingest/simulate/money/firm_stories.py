"""Stories of schools and employers, who take many seats and pay by invoice."""

from ingest.simulate.money import shapes_invoices as shapes
from ingest.simulate.money.account import Object
from ingest.simulate.money.changes import switch
from ingest.simulate.money.invoicing import collect, credit, draft, finalize, void, write_off
from ingest.simulate.money.lines import Entry
from ingest.simulate.money.signup import subscribe
from ingest.simulate.money.subscriptions import cancel_at_period_end
from ingest.simulate.money.timeline import DAY, Story
from ingest.simulate.money.world import Customer, World

TERMS_OF_PAYMENT = 14  # days


def takes_seats(world: World, customer: Customer) -> Story:
    """More and more of them, by volume; the third invoice is paid late."""
    sub = subscribe(
        world,
        customer,
        {"seats-month": 4},
        days_until_due=TERMS_OF_PAYMENT,
        pays_after=(9, 9, 20),
    )
    yield world.now + 50 * DAY
    switch(world, customer, sub, quantity=8)
    yield world.now + 80 * DAY
    switch(world, customer, sub, quantity=25)
    yield world.now + 100 * DAY
    switch(world, customer, sub, quantity=12)


def takes_groups(world: World, customer: Customer) -> Story:
    """Graduated tiers, charged to a card."""
    sub = subscribe(world, customer, {"groups-month": 2, "exams-month": 12})
    yield world.now + 65 * DAY
    switch(world, customer, sub, quantity=12)
    yield world.now + 95 * DAY
    switch(world, customer, sub, quantity=7)
    yield world.now + 60 * DAY
    cancel_at_period_end(world, sub)


def stops_paying(world: World, customer: Customer) -> Story:
    """The third invoice is never paid: overdue, and written off."""
    sub = subscribe(
        world,
        customer,
        {"seats-month": 6},
        days_until_due=TERMS_OF_PAYMENT,
        pays_after=(9, 12, None, None),
    )
    yield world.now + 64 * DAY
    unpaid = world.account.get("invoice", sub["latest_invoice"])
    yield world.now + 40 * DAY
    cancel_at_period_end(world, sub, "too_expensive")
    yield world.now + 30 * DAY
    write_off(world, unpaid)


def orders_a_workshop(world: World, customer: Customer) -> Story:
    """The first invoice was wrong and is void; some of the second is credited before it is paid."""
    first = _bill(world, customer, "course-9", 12)
    yield world.now + 2 * DAY
    void(world, first)
    second = _bill(world, customer, "course-9", 10)
    yield world.now + 5 * DAY
    credit(world, second, second["total"] // 50 * 10, "order_change")
    yield world.now + 6 * DAY
    collect(world, customer, second)


def _bill(world: World, customer: Customer, product: str, quantity: int) -> Object:
    """An invoice of something that is sold once, sent by mail."""
    account = world.account
    price = world.catalogue.list_price(product, customer.currency)
    amount = price["unit_amount"] * quantity
    item = shapes.invoice_item(
        account.new_id("ii"),
        world.now,
        customer.id,
        {
            "amount": amount,
            "currency": customer.currency,
            "description": f"{quantity} x {product}",
            "discountable": True,
            "pricing": shapes.pricing(price, price["unit_amount_decimal"]),
            "quantity": quantity,
        },
    )
    account.add(item, "invoiceitem.created")
    unit = price["unit_amount_decimal"]
    entry = Entry(amount, price, quantity, unit, world.now, world.now, invoice_item=item["id"])
    invoice = draft(world, customer, None, "manual", [entry], is_automatic=False)
    invoice["collection_method"] = "send_invoice"
    finalize(world, customer, invoice, TERMS_OF_PAYMENT)
    return invoice
