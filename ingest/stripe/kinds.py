"""What is read from Stripe's API, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.errors import UserError

EVENTS = "events"
PAYOUT_TRANSACTIONS = "payout_transactions"


@dataclass(frozen=True)
class Kind:
    """A type of object, called as Stripe's path calls it.

    `object_type`: what the objects say of themselves in `object`.
    `lists_all`: every load lists all of them, not only young ones: few, or changing for years.
    `vanishes`: they can be deleted, and are no longer listed then.
    `settles`: they are pending at first, and no event tells when they no longer are.
    `lists`: lists inside an object, of which an answer shows only the beginning.
    """

    name: str
    object_type: str
    lists_all: bool = False
    vanishes: bool = False
    settles: bool = False
    lists: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    path: str = ""

    @property
    def address(self) -> str:
        """Where they are listed; below it each one is found by its id."""
        return f"/v1/{self.path or self.name}"


KINDS = {
    kind.name: kind
    for kind in (
        Kind(EVENTS, "event"),
        Kind("products", "product", lists_all=True, vanishes=True),
        Kind("prices", "price", lists_all=True, expand=("tiers",)),
        Kind("coupons", "coupon", lists_all=True, vanishes=True),
        Kind("customers", "customer", lists_all=True, vanishes=True),
        Kind(
            "subscriptions",
            "subscription",
            lists_all=True,
            lists=("items",),
            # events name the discount only, and a deleted coupon is found nowhere else
            expand=("discounts.source.coupon", "items.data.discounts"),
            params={"status": "all"},
        ),
        Kind("invoices", "invoice", vanishes=True, lists=("lines",)),
        Kind("invoice_payments", "invoice_payment"),
        Kind("payment_intents", "payment_intent"),
        Kind("charges", "charge"),
        Kind("refunds", "refund"),
        Kind("disputes", "dispute"),
        Kind("credit_notes", "credit_note", lists=("lines",)),
        Kind("checkout_sessions", "checkout.session", path="checkout/sessions"),
        Kind("payouts", "payout"),
        Kind("balance_transactions", "balance_transaction", settles=True),
        # no type of its own: the balance transactions that a payout paid out
        Kind(PAYOUT_TRANSACTIONS, "balance_transaction", path="balance_transactions"),
    )
}


def choose(names: list[str] | None) -> list[Kind]:
    """The kinds of these names in the order they are loaded; all without names."""
    unknown = sorted(set(names or ()) - KINDS.keys())
    if unknown:
        raise UserError(f"Stripe has no {', '.join(unknown)} to load; there are {', '.join(KINDS)}")
    return [kind for kind in KINDS.values() if not names or kind.name in names]
