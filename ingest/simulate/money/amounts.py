"""Amounts as Stripe writes them: whole minor units, of 0, 2 or 3 decimals."""

import math
from collections.abc import Sequence
from fractions import Fraction

from ingest.simulate.money.timeline import DAY

SETTLEMENT = "eur"
# currency -> (decimals, units to a euro around which its rate moves)
CURRENCIES = {
    "eur": (2, "1"),
    "usd": (2, "1.08"),
    "gbp": (2, "0.85"),
    "jpy": (0, "163"),
    "kwd": (3, "0.334"),
}


def whole(amount: Fraction, currency: str) -> int:
    """To the nearest unit that can be charged, halves away from zero; of three decimals Stripe
    takes two."""
    step = 10 if CURRENCIES[currency][0] == 3 else 1
    units = math.floor(abs(amount) / step + Fraction(1, 2)) * step
    return units if amount >= 0 else -units


def shared_out(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in proportion to the weights, exact to the unit: the largest remainders get more."""
    whole_weight = sum(weights)
    if whole_weight == 0:
        return [total, *[0] * (len(weights) - 1)] if weights else []
    exact = [Fraction(total * weight, whole_weight) for weight in weights]
    shares = [math.floor(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda n: (shares[n] - exact[n], n))
    for n in by_remainder[: total - sum(shares)]:
        shares[n] += 1
    return shares


def exchange_rate(currency: str, moment: int) -> Fraction | None:
    """Euros to a unit of the currency that day, six decimals; None for the euro itself.

    A slow wave around a level: what Stripe paid, near what the market said but never the same.
    """
    if currency == SETTLEMENT:
        return None
    wave = Fraction(round(20_000 * math.sin(moment // DAY / 40)), 1_000_000)
    return round(1 / (Fraction(CURRENCIES[currency][1]) * (1 + wave)), 6)


def settled(amount: int, currency: str, rate: Fraction | None) -> int:
    """Minor units of a currency in euro cents, at `rate` euros per major unit."""
    if rate is None:
        return amount
    return whole(Fraction(amount, 10 ** CURRENCIES[currency][0]) * rate * 100, SETTLEMENT)


def card_fee(cents: int, country: str, is_converted: bool) -> int:
    """What Stripe keeps of a charge: 1.5 % of European cards, 3.25 % of others, 2 % more for
    exchange, and 25 cents."""
    share = Fraction(15, 1000) if country in EUROPEAN else Fraction(325, 10_000)
    if is_converted:
        share += Fraction(2, 100)
    return whole(cents * share, SETTLEMENT) + 25


EUROPEAN = frozenset({"DE", "FR", "NL", "AT", "ES", "IT", "IE", "PT", "BE", "FI"})
