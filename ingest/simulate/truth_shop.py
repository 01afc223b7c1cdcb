"""What happened in the shop, counted from the stream: sessions, funnel, orders, revenue."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from ingest.simulate.received import Received, Seen, Session, sessions, text_of

SHOP = ("clicks", "cart", "purchase")


def shop_truth(received: Received) -> dict[str, Any]:
    """Shop sessions are apart from learning: shopping is no study time."""
    events = list(received.of(*SHOP))
    found = sessions(events)
    return {
        "visitors": len({session.person for session in found}),
        "sessions": [[s.person, text_of(s.start), text_of(s.end), s.events] for s in found],
        "cart_changes": dict(
            sorted(
                Counter(
                    e.payload.get("event_kind", "add") for e in events if e.topic == "cart"
                ).items()
            )
        ),
        "funnel": funnel(events, found),
        "orders": _orders(event for event in events if event.topic == "purchase"),
    }


def funnel(events: list[Seen], found: list[Session]) -> dict[str, int]:
    """Pairs of session and product by the steps they took, in this order of time.

    `clicked`: looked at; `carted`: put into the cart at or after the first look; `purchased`:
    bought at or after that. `direct`: put into the cart or bought, but never looked at before
    the first time that happened.
    """
    steps: Counter[str] = Counter(dict.fromkeys(("clicked", "carted", "purchased", "direct"), 0))
    for touches in _touches(events, found).values():
        clicked = min(touches["clicks"], default=None)
        entered = min(touches["cart"] + touches["purchase"], default=None)
        if entered is not None and (clicked is None or entered < clicked):
            steps["direct"] += 1
        if clicked is None:
            continue
        steps["clicked"] += 1
        carted = min((at for at in touches["cart"] if at >= clicked), default=None)
        if carted is None:
            continue
        steps["carted"] += 1
        steps["purchased"] += any(at >= carted for at in touches["purchase"])
    return dict(steps)


def _touches(
    events: list[Seen], found: list[Session]
) -> dict[tuple[str, datetime, str], dict[str, list[datetime]]]:
    """When each product was touched in each session, by topic. Removals are no step."""
    starts: dict[str, list[Session]] = defaultdict(list)
    for session in found:
        starts[session.person].append(session)
    touches: dict[tuple[str, datetime, str], dict[str, list[datetime]]] = defaultdict(
        lambda: {topic: [] for topic in SHOP}
    )
    for event in events:
        person = str(event.person)
        session = next(s for s in starts[person] if s.start <= event.at <= s.end)
        if event.topic == "purchase":
            products = {str(item["product_id"]) for item in event.payload["items"]}
        elif event.payload.get("event_kind") == "remove":
            products = set()
        else:
            products = {str(event.payload["product_id"])}
        for product in products:
            touches[person, session.start, product][event.topic].append(event.at)
    return touches


def _orders(purchases: Iterable[Seen]) -> dict[str, dict[str, Any]]:
    """Orders, items and revenue of each currency; amounts are exact decimals, as text."""
    orders: Counter[str] = Counter()
    items: Counter[str] = Counter()
    revenue: dict[str, Decimal] = defaultdict(Decimal)
    for purchase in purchases:
        currency = purchase.payload["currency"]
        orders[currency] += 1
        items[currency] += sum(item["quantity"] for item in purchase.payload["items"])
        revenue[currency] += Decimal(str(purchase.payload["total_amount"]))
    return {
        currency: {
            "orders": orders[currency],
            "items": items[currency],
            "revenue": str(revenue[currency]),
        }
        for currency in sorted(orders)
    }
