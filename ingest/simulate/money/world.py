"""What every story needs at hand, and what the truth is counted from."""

from dataclasses import dataclass, field
from typing import NamedTuple

from ingest.simulate.dice import Dice
from ingest.simulate.money import shapes_payments as shapes
from ingest.simulate.money.account import Account, Object
from ingest.simulate.money.balance import Ledger
from ingest.simulate.money.catalogue import MARKETS, Catalogue
from ingest.simulate.money.timeline import Timeline


class Term(NamedTuple):
    """What a subscription was from a moment on, as the simulator meant it."""

    at: int
    subscription: str
    customer: str
    currency: str
    status: str
    is_paused: bool
    items: tuple[tuple[str, Object, int], ...]  # item, price, quantity; without the metered
    discount: Object | None  # the coupon
    tax: tuple[float, bool]  # percent, whether prices include it


class Trial(NamedTuple):
    """A trial that ended."""

    subscription: str
    ended_at: int
    is_converted: bool  # went on as a paid plan


@dataclass
class Journal:
    """Noted by the simulator while it plays: its plan, not what webhooks say."""

    terms: list[Term] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)
    links: list[tuple[str, str, int | None]] = field(default_factory=list)
    """Customer, what links it to Moodle, and the account there."""
    sold: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    """Charge -> the products (names of the catalogue) it paid for, and the part of each."""


@dataclass
class Customer:
    """Somebody who pays, and how."""

    object: Object
    country: str
    currency: str
    tax: Object | None
    card: Object
    learner: int | None = None  # Moodle's id
    is_sent_by_shop: bool = False  # to Stripe's payment page, with that id
    refusals: list[str] = field(default_factory=list)  # codes of the next attempts to charge

    @property
    def id(self) -> str:
        return str(self.object["id"])


class World:
    """An account, its time and its people."""

    def __init__(self, dice: Dice, timeline: Timeline) -> None:
        self.dice = dice
        self.timeline = timeline
        self.account = Account(dice, timeline)
        self.catalogue = Catalogue(self.account)
        self.ledger = Ledger(self.account)
        self.journal = Journal()
        self.customers: dict[str, Customer] = {}

    @property
    def now(self) -> int:
        """Seconds since 1970."""
        return self.timeline.now

    def enrol(
        self,
        country: str,
        *,
        learner: int | None = None,
        is_sent_by_shop: bool = False,
        email: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> Customer:
        """A new customer of a market."""
        id_ = self.account.new_id("cus")
        currency = MARKETS[country][0]
        fields = {
            "currency": currency,
            "email": email or f"{id_[4:].lower()}@mail.example",
            "metadata": metadata or {},
        }
        created = shapes.customer(id_, self.now, country, fields)
        card = {
            "type": "sepa_debit" if currency == "eur" and self.dice.chance(0.2) else "card",
            "country": country,
            "brand": self.dice.pick(("visa", "mastercard")),
            "last4": f"{self.dice.between(0, 9999):04}",
            "id": self.account.new_id("pm"),
        }
        tax = self.catalogue.tax(country)
        customer = Customer(created, country, currency, tax, card, learner, is_sent_by_shop)
        self.customers[id_] = customer
        self.account.add(created, "customer.created")
        return customer

    def note(self, subscription: Object) -> None:
        """Write down what a subscription is from now on."""
        taxes = subscription["default_tax_rates"]
        self.journal.terms.append(
            Term(
                self.now,
                subscription["id"],
                subscription["customer"],
                subscription["currency"],
                subscription["status"],
                subscription["pause_collection"] is not None,
                tuple(
                    (item["id"], item["price"], item["quantity"])
                    for item in subscription["items"]["data"]
                    if "quantity" in item
                ),
                subscription["_discounts"][0]["_coupon"] if subscription["_discounts"] else None,
                (taxes[0]["percentage"], taxes[0]["inclusive"]) if taxes else (0, False),
            )
        )
