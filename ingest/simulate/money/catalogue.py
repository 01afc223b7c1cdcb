"""What is sold: products, prices in every currency, coupons, and the taxes on them."""

from fractions import Fraction
from typing import Any, NamedTuple

from ingest.simulate.money import shapes_billing as shapes
from ingest.simulate.money.account import Account, Object
from ingest.simulate.money.amounts import CURRENCIES, whole
from ingest.simulate.shop import products as shop_products
from ingest.simulate.site import courses


class Offer(NamedTuple):
    """A recurring price in euro cents; tiers are (up to, a unit, flat)."""

    product: str
    interval: str
    interval_count: int
    amount: Fraction | None
    tiers_mode: str | None = None
    tiers: tuple[tuple[int | None, int, int], ...] = ()
    pack: int | None = None  # units to a pack; a pack that was begun is paid
    usage_type: str = "licensed"


OFFERS = {
    "all-week": Offer("all-access", "week", 1, Fraction(890)),
    "all-month": Offer("all-access", "month", 1, Fraction(2900)),
    "all-quarter": Offer("all-access", "month", 3, Fraction(7900)),
    "all-year": Offer("all-access", "year", 1, Fraction(29990)),
    "club-month": Offer("club", "month", 1, Fraction(990)),
    "club-year": Offer("club", "year", 1, Fraction(9900)),
    "course-6-month": Offer("course-6", "month", 1, Fraction(1500)),
    "seats-month": Offer(
        "teams", "month", 1, None, "volume", ((5, 2400, 0), (20, 1900, 0), (None, 1500, 0))
    ),
    "groups-month": Offer(
        "groups", "month", 1, None, "graduated", ((3, 1000, 500), (10, 800, 0), (None, 500, 0))
    ),
    "exams-month": Offer("exams", "month", 1, Fraction(700), pack=5),
    "tutoring": Offer("tutoring", "month", 1, Fraction("12.5"), usage_type="metered"),
    "calls": Offer(
        "calls", "month", 1, None, "graduated", ((60, 0, 0), (None, 20, 0)), usage_type="metered"
    ),
}
# beside the products of the shop: name, type
SERVICES = {
    "club": "Study club",
    "teams": "Seats for teams",
    "groups": "Study groups",
    "exams": "Mock exams",
    "tutoring": "Tutoring by the minute",
    "calls": "Calls with a tutor",
}
COUPONS: dict[str, dict[str, Any]] = {
    "WELCOME10": {"percent_off": 10, "duration": "once"},
    "AUTUMN25": {"percent_off": 25, "duration": "repeating", "duration_in_months": 3},
    "TEACHER20": {"percent_off": 20, "duration": "forever"},
    "SCHOLAR100": {"percent_off": 100, "duration": "forever"},
    "FIVEOFF": {
        "amount_off": 500,
        "currency": "eur",
        "duration": "repeating",
        "duration_in_months": 6,
    },
    "LOYAL3": {"amount_off": 300, "currency": "eur", "duration": "forever"},
    "FIRST7": {"amount_off": 700, "currency": "eur", "duration": "once"},
}
# country -> (currency, percent, whether prices include it)
MARKETS: dict[str, tuple[str, float, bool]] = {
    "DE": ("eur", 19, True),
    "FR": ("eur", 20, True),
    "NL": ("eur", 21, True),
    "GB": ("gbp", 20, True),
    "US": ("usd", 8.875, False),
    "JP": ("jpy", 10, True),
    "KW": ("kwd", 0, False),
}


class Catalogue:
    """The account's products and what hangs on them; prices are made when first asked for."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._prices: dict[tuple[str, str], Object] = {}
        self._taxes: dict[str, Object] = {}
        self.products: dict[str, Object] = {}  # by the name they have here
        self.coupons: dict[str, Object] = {}
        self._stock()

    def price(self, offer: str, currency: str) -> Object:
        """The price of an offer in a currency."""
        if (offer, currency) not in self._prices:
            self._prices[offer, currency] = self._priced(offer, currency)
        return self._prices[offer, currency]

    def list_price(self, product: str, currency: str) -> Object:
        """The price of a product of the shop that is paid once."""
        if (product, currency) not in self._prices:
            account = self._account
            amount = list_price(product, currency)
            fields = {
                "nickname": product,
                "tax_behavior": behavior(currency),
                "unit_amount": amount,
                "unit_amount_decimal": str(amount),
            }
            id_, of = account.new_id("price"), self.products[product]["id"]
            made = shapes.price(id_, account.now, of, currency, fields)
            self._prices[product, currency] = account.add(made, "price.created")
        return self._prices[product, currency]

    def tax(self, country: str) -> Object | None:
        """The tax rate of a country, None where none is due."""
        _, percentage, is_inclusive = MARKETS[country]
        if percentage and country not in self._taxes:
            id_ = self._account.new_id("txr")
            rate = shapes.tax_rate(id_, self._account.now, country, percentage, is_inclusive)
            self._taxes[country] = self._account.add(rate, "tax_rate.created")
        return self._taxes.get(country)

    def _stock(self) -> None:
        account = self._account
        names = {f"course-{course.id}": course.shortname for course in courses()}
        names |= {"bundle-science": "Science bundle", "all-access": "All courses"}
        types = {"bundle-science": "bundle", "all-access": "all_access"}
        for sold in shop_products():
            metadata = {"product_id": sold, "product_type": types.get(sold, "course")}
            self._new_product(sold, names[sold], metadata)
        for service, name in SERVICES.items():
            self._new_product(service, name, {"product_type": "other"})
        for name, terms in COUPONS.items():
            made = shapes.coupon(name, account.now, {**terms, "name": name.title()})
            self.coupons[name] = account.add(made, "coupon.created")

    def _new_product(self, key: str, name: str, metadata: dict[str, str]) -> None:
        account = self._account
        made = shapes.product(account.new_id("prod"), account.now, name, metadata)
        self.products[key] = account.add(made, "product.created")

    def _priced(self, offer: str, currency: str) -> Object:
        terms = OFFERS[offer]
        fields: dict[str, Any] = {
            "nickname": offer,
            "recurring": shapes.recurring(terms.interval, terms.interval_count, terms.usage_type),
            "tax_behavior": behavior(currency),
        }
        if terms.amount is None:
            fields |= {
                "billing_scheme": "tiered",
                "tiers_mode": terms.tiers_mode,
                "_tiers": [_tier(*tier, currency) for tier in terms.tiers],
            }
        elif terms.amount.denominator > 1:  # less than a cent: only as a decimal
            exact = terms.amount * converted(1, currency)
            fields["unit_amount_decimal"] = f"{float(exact):.12g}"
        else:
            amount = whole(converted(terms.amount, currency), currency)
            fields |= {"unit_amount": amount, "unit_amount_decimal": str(amount)}
        if terms.pack:
            fields["transform_quantity"] = {"divide_by": terms.pack, "round": "up"}
        account = self._account
        product = self.products[terms.product]["id"]
        made = shapes.price(account.new_id("price"), account.now, product, currency, fields)
        return account.add(made, "price.created")


def behavior(currency: str) -> str:
    """Whether prices in a currency include tax."""
    return "exclusive" if currency in ("usd", "kwd") else "inclusive"


def list_price(product: str, currency: str) -> int:
    """What a product of the shop costs at once, in minor units."""
    return whole(converted(shop_products()[product], currency), currency)


def converted(cents: Fraction | int, currency: str) -> Fraction:
    """Euro cents of the price list in minor units of a currency, exactly."""
    decimals, level = CURRENCIES[currency]
    return Fraction(cents) / 100 * Fraction(level) * Fraction(10**decimals)


def _tier(up_to: int | None, unit: int, flat: int, currency: str) -> Object:
    unit_amount = whole(converted(unit, currency), currency)
    flat_amount = whole(converted(flat, currency), currency) if flat else None
    return {
        "flat_amount": flat_amount,
        "flat_amount_decimal": None if flat_amount is None else str(flat_amount),
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(unit_amount),
        "up_to": up_to,
    }
