"""What a quantity costs at a price: per unit, in packs, in tiers."""

from fractions import Fraction
from typing import NamedTuple

from ingest.simulate.money.account import Object


class Part(NamedTuple):
    """What becomes an invoice line; `unit_amount` as Stripe writes it, None of flat amounts."""

    quantity: int
    unit_amount: str | None
    amount: Fraction  # minor units


def parts(price: Object, quantity: int) -> list[Part]:
    """The lines of a quantity: one, and of graduated tiers one for each tier that is reached."""
    if price["billing_scheme"] == "per_unit":
        unit = price["unit_amount_decimal"]
        return [Part(quantity, unit, Fraction(unit) * _packs(price, quantity))]
    if price["tiers_mode"] == "volume":
        tier = next(t for t in price["_tiers"] if t["up_to"] is None or quantity <= t["up_to"])
        return [_in_tier(tier, quantity)]
    found = []
    below = 0
    for tier in price["_tiers"]:
        upto = quantity if tier["up_to"] is None else min(quantity, tier["up_to"])
        if upto > below:
            found.append(_in_tier(tier, upto - below))
        below = max(below, upto)
    return found


def amount_of(price: Object, quantity: int) -> Fraction:
    """Minor units, exact."""
    return sum((part.amount for part in parts(price, quantity)), Fraction(0))


def _packs(price: Object, quantity: int) -> int:
    transform = price["transform_quantity"]
    if transform is None:
        return quantity
    whole, rest = divmod(quantity, int(transform["divide_by"]))
    return whole + (1 if rest and transform["round"] == "up" else 0)


def _in_tier(tier: Object, quantity: int) -> Part:
    amount = Fraction(tier["unit_amount_decimal"]) * quantity
    if tier["flat_amount"] is not None:
        amount += tier["flat_amount"]
        return Part(quantity, None, amount)
    return Part(quantity, tier["unit_amount_decimal"], amount)
