"""Who the account's customers are, what each of them lives through, and how Moodle knows them."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from ingest.simulate.dice import Dice
from ingest.simulate.money import firm_stories as firms
from ingest.simulate.money import plan_stories as plans
from ingest.simulate.money import shop_stories as shop
from ingest.simulate.money.timeline import Story
from ingest.simulate.money.world import Customer, World
from ingest.simulate.site import courses

ACCOUNTS_FILE = Path(__file__).with_name("accounts.yml")
# What links a customer to a Moodle account: the customer's metadata, the reference of the payment
# page, a mail address that somebody verified or nobody did; of a payer, only the orders do.
Link = Literal["metadata", "checkout", "verified", "unverified", "payer", "nothing"]


class Role(NamedTuple):
    """A customer to be."""

    country: str
    begins: int  # days after the account's first, counted back from its end if below 0
    link: Link
    learner: int | None  # Moodle's id
    story: Callable[..., Story]
    details: tuple[Any, ...] = ()


SUBSCRIBERS = (
    Role("DE", 3, "metadata", 11, plans.stays, ("all-month",)),
    Role("US", 9, "verified", 12, plans.stays, ("all-year",)),
    Role("NL", 16, "nothing", None, plans.stays, ("club-year",)),
    Role("JP", 12, "unverified", 13, plans.is_credited),
    Role("KW", 20, "checkout", 10, plans.stays, ("all-month", 200)),
    Role("FR", 27, "nothing", None, plans.moves_up_and_down),
    Role("GB", 31, "verified", 14, plans.leaves_and_returns),
    Role("DE", 36, "metadata", 25, plans.fails, (4,)),
    Role("US", 41, "metadata", 26, plans.fails, (2,)),
    Role("NL", 44, "verified", 17, plans.tries, (600,)),
    Role("DE", 52, "nothing", None, plans.tries, (5,)),
    Role("FR", 57, "nothing", None, plans.tries_without_card, ("cancel", 0)),
    Role("GB", 61, "unverified", 18, plans.tries_without_card, ("pause", 20)),
    Role("US", 66, "nothing", None, plans.tries_and_fails),
    Role("DE", 70, "metadata", 31, plans.pauses),
    Role("US", 75, "metadata", 32, plans.leaves_at_once),
    Role("NL", 80, "nothing", None, plans.fails_and_pays_late),
    Role("FR", 84, "nothing", None, plans.fails, (4, "unpaid")),
    Role("DE", 90, "metadata", 34, plans.fails, (4, "write off", "club-month")),
    Role("DE", 96, "verified", 19, plans.starts_twice),
    Role("FR", 101, "metadata", 38, plans.stays, ("all-month", 0, "AUTUMN25")),
    Role("FR", 107, "metadata", 39, plans.stays, ("all-month", 0, "TEACHER20")),
    Role("NL", 111, "metadata", 40, plans.stays, ("club-month", 100, "SCHOLAR100")),
    Role("DE", 118, "nothing", None, plans.stays, ("all-month", 0, "FIVEOFF")),
    Role("FR", 125, "metadata", 42, plans.gets_coupon_later, ("LOYAL3",)),
    Role("DE", 133, "payer", None, firms.takes_seats),
    Role("US", 140, "payer", None, firms.takes_groups),
    Role("DE", 147, "payer", None, firms.stops_paying),
    Role("DE", 155, "metadata", 44, plans.is_metered, ("tutoring", 40)),
    Role("US", 162, "checkout", 47, plans.is_metered, ("calls", 35)),
    Role("GB", 170, "metadata", 48, plans.moves_to_a_year),
    Role("NL", 178, "nothing", None, plans.disputes_a_plan, ("all-quarter", "lost")),
    Role("JP", 186, "metadata", 49, plans.disputes_a_plan, ("all-month", "won")),
    Role("DE", 194, "metadata", 50, plans.is_deleted),
    Role("FR", 202, "metadata", 51, plans.has_two),
    Role("US", 210, "metadata", 52, plans.has_second_thoughts),
    Role("GB", 219, "nothing", None, plans.moves_in_a_trial),
    Role("FR", 227, "unverified", 21, plans.stays, ("all-week", 60)),
    Role("DE", 245, "nothing", None, plans.stays, ("all-week", 1)),
    Role("DE", -63, "metadata", 27, plans.fails, (4,)),  # past due at the end
    Role("NL", -8, "verified", 24, plans.tries, (30,)),  # in a trial at the end
)
BUYERS = (
    Role("DE", -75, "metadata", 53, shop.buys, ("course-2", "course-3")),
    Role("US", -72, "metadata", 54, shop.buys, ("course-4", "bundle-science")),
    Role("JP", -70, "checkout", 55, shop.buys, ("course-3",)),
    Role("KW", -68, "metadata", 57, shop.buys, ("course-8",)),
    Role("FR", -66, "payer", None, shop.buys_for, ("course-2", (56, 59, 61))),
    Role("GB", -64, "payer", 62, shop.buys_for, ("course-4", (62,))),
    Role("DE", -62, "metadata", 43, shop.gives_back, ("course-6", 100)),
    Role("US", -60, "metadata", 45, shop.gives_back, ("course-8", 30)),
    Role("FR", -58, "nothing", None, shop.gives_back, ("bundle-science", 20, 50, 100)),
    Role("NL", -55, "verified", 22, shop.refund_fails, ("course-7",)),
    Role("US", -100, "nothing", None, shop.disputes, ("course-5", "fraudulent", "lost")),
    Role("JP", -97, "metadata", 41, shop.disputes, ("course-4", "product_not_received", "won")),
    Role("DE", -93, "nothing", None, shop.disputes, ("course-9", "general", "warning_closed")),
    Role("DE", -50, "metadata", 58, shop.tries_again, ("course-7", 6)),
    Role("KW", -48, "nothing", None, shop.tries_again, ("bundle-science", 0)),
    Role("NL", -45, "payer", None, firms.orders_a_workshop),
    Role("DE", -300, "unverified", 23, shop.buys, ("course-5",)),
    Role("FR", -280, "metadata", 53, shop.buys, ("bundle-science",)),  # again, as another customer
)
ORDINARY: tuple[tuple[Callable[..., Story], tuple[Any, ...]], ...] = (
    (plans.stays, ("all-month", 100)),
    (plans.stays, ("club-month", 60)),
    (plans.stays, ("all-quarter", 200)),
    (plans.stays, ("all-year",)),
    (plans.stays, ("all-week", 30)),
    (plans.fails, (1,)),
    (plans.tries, (60,)),
    (shop.gives_back, ("course-4", 100)),
)


def roles(dice: Dice, customers: int, days: int) -> Iterator[Role]:
    """The written parts first, then ordinary people: a fifth buys the courses they study."""
    yield from SUBSCRIBERS
    yield from BUYERS
    learners = sorted({student for course in courses() for student in course.students})
    for _ in range(customers - len(SUBSCRIBERS) - len(BUYERS)):
        country = dice.pick(("DE", "DE", "FR", "NL", "GB", "US", "US", "JP", "KW"))
        learner = dice.pick(learners) if dice.chance(0.5) else None
        link: Link = "nothing" if learner is None else "metadata"
        begins = dice.between(1, days - 2)
        if learner is not None and dice.chance(0.4):
            studied = [course for course in courses() if learner in course.students]
            products = tuple(f"course-{course.id}" for course in studied[: dice.between(1, 2)])
            yield Role(country, begins, link, learner, shop.buys, products)
        else:
            story, details = dice.pick(ORDINARY)
            yield Role(country, begins, link, learner, story, details)


def enter(world: World, role: Role) -> Story:
    """The customer is created and the story begins."""
    yield from role.story(world, _customer(world, role), *role.details)


def _customer(world: World, role: Role) -> Customer:
    learner, link = role.learner, role.link
    metadata = {}
    email = None
    if link in ("metadata", "payer") and learner is not None:
        metadata["moodle_user_id"] = str(learner)
    if link == "payer":
        metadata["relationship"] = "payer_for"
    if link in ("verified", "unverified") and learner is not None:
        email = _accounts()[learner]
    if link == "verified":
        metadata["email_verified"] = "true"
        email = None if email is None else email.capitalize()  # as people write it
    customer = world.enrol(
        role.country,
        learner=learner if link in ("metadata", "checkout", "payer") else None,
        is_sent_by_shop=link == "checkout",
        email=email,
        metadata=metadata,
    )
    world.journal.links.append((customer.id, link, learner))
    return customer


@cache
def _accounts() -> dict[int, str]:
    read: dict[int, str] = yaml.safe_load(ACCOUNTS_FILE.read_text(encoding="utf8"))
    return read
