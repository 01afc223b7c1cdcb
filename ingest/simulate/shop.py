"""The shop: visitors click, fill carts, change their minds and buy, in their own currency."""

from collections.abc import Iterator
from typing import Any

from ingest.simulate.dice import DAY, MINUTE, SECOND, Dice, iso
from ingest.simulate.site import Event, Person, courses

# currency -> (digits after the point, units to a euro of list price)
CURRENCIES = {
    "EUR": (2, 1.0),
    "USD": (2, 1.1),
    "GBP": (2, 0.85),
    "JPY": (0, 170.0),
    "KWD": (3, 0.34),
}
FAVOURED = ("EUR", "EUR", "EUR", "USD", "USD", "GBP", "JPY", "KWD")
LIST_PRICES = (1990, 2990, 4990, 7990, 9990)  # euro cents
REFERRERS = (
    None,
    None,
    None,
    "https://www.google.com/",
    "https://duckduckgo.com/",
    "https://www.bing.com/search?q=biology+course",
    "https://mail.example.com/newsletter/2025-10",
    "https://blog.example.net/ten-courses",
    "https://shop.example.org/courses",  # the shop itself
    "https://checkout.stripe.com/c/pay",  # back from paying
)
TAGS = ("", "", "", "?utm_source=newsletter&utm_medium=email&utm_campaign=autumn")


def products() -> dict[str, int]:
    """What is sold: product id -> list price in euro cents. A product per course, and bundles."""
    sold = {
        f"course-{course.id}": LIST_PRICES[course.id % len(LIST_PRICES)] for course in courses()
    }
    return {**sold, "bundle-science": 12990, "all-access": 29990}


class Shopper:
    """A visitor of the shop: a learner, or nobody known (`person` is None)."""

    def __init__(self, dice: Dice, person: Person | None, at: int) -> None:
        self.dice = dice
        self.at = at
        self.session = f"shop-{dice.getrandbits(48):012x}"
        self.user = None if person is None else person.id
        self.key = self.session.encode() if person is None else person.key
        self.currency = dice.pick(FAVOURED)
        self.cart: dict[str, int] = {}

    def event(self, topic: str, fields: dict[str, Any]) -> Event:
        payload = {
            "event_id": self.dice.uuid(),
            "user_id": self.user,
            "session_id": self.session,
            **fields,
            "ts": iso(self.at),
        }
        return Event(topic, self.at, self.key, payload)

    def wait(self) -> None:
        """Half a minute or so; at times half an hour exactly, or a second more."""
        draw = self.dice.random()
        if draw < 0.02:
            self.at += 30 * MINUTE
        elif draw < 0.04:
            self.at += 30 * MINUTE + SECOND
        else:
            self.at += SECOND + self.dice.about(30 * SECOND)


def shop_visit(dice: Dice, person: Person | None, begin: int) -> Iterator[Event]:
    """A visit on the day that begins then: to look, to fill a cart, to buy."""
    shopper = Shopper(dice, person, begin + dice.between(0, DAY - 1))
    sold = products()
    referrer = dice.pick(REFERRERS)
    tag = dice.pick(TAGS)
    for product in dice.sample(list(sold), 1 + min(dice.about(2), len(sold) - 1)):
        if dice.chance(0.93):  # others come by a deep link straight to the cart
            page = f"https://shop.example.org/p/{product}{tag}"
            yield shopper.event(
                "clicks", {"product_id": product, "page": page, "referrer": referrer}
            )
            referrer, tag = "https://shop.example.org/courses", ""
            shopper.wait()
        if dice.chance(0.4):
            yield from _fill(shopper, product)
    if shopper.cart and dice.chance(0.5):
        shopper.wait()
        yield _purchase(shopper, sold)
    elif dice.chance(0.02):  # by invoice, without click or cart
        shopper.cart = {dice.pick(list(sold)): dice.between(5, 30)}
        yield _purchase(shopper, sold)


def _fill(shopper: Shopper, product: str) -> Iterator[Event]:
    dice = shopper.dice
    quantity = 1 if dice.chance(0.85) else dice.between(2, 5)
    added: dict[str, Any] = {"product_id": product, "quantity": quantity}
    if dice.chance(0.8):  # without a kind it was added
        added["event_kind"] = "add"
    yield shopper.event("cart", added)
    shopper.cart[product] = quantity
    shopper.wait()
    if dice.chance(0.1):
        quantity = dice.between(1, 5)
        shopper.cart[product] = quantity
        updated = {"product_id": product, "quantity": quantity, "event_kind": "update"}
        yield shopper.event("cart", updated)
        shopper.wait()
    elif dice.chance(0.15):
        del shopper.cart[product]
        sign = -1 if dice.chance(0.5) else 1  # both are in use
        removed = {"product_id": product, "quantity": sign * quantity, "event_kind": "remove"}
        yield shopper.event("cart", removed)
        shopper.wait()


def _purchase(shopper: Shopper, sold: dict[str, int]) -> Event:
    """Everything in the cart. Prices are whole minor units, so the total is exact."""
    digits, rate = CURRENCIES[shopper.currency]
    unit = 10**digits
    items = []
    total = 0
    for product, quantity in shopper.cart.items():
        price = max(1, round(sold[product] / 100 * rate * unit))
        total += price * quantity
        items.append(
            {"product_id": product, "quantity": quantity, "unit_price": _major(price, unit)}
        )
    paid_by_card = shopper.dice.chance(0.9)
    fields = {
        "items": items,
        "total_amount": _major(total, unit),
        "currency": shopper.currency,
        "stripe_payment_intent_id": f"pi_{shopper.dice.token()[:24]}" if paid_by_card else None,
    }
    return shopper.event("purchase", fields)


def _major(minor: int, unit: int) -> float | int:
    return minor if unit == 1 else minor / unit
