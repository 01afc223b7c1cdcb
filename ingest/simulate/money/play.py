"""Plays the account of a plan: its people, one after the other, and what becomes of their money."""

from dataclasses import dataclass
from typing import Any

from ingest.simulate.dice import Dice
from ingest.simulate.money.account import Object, shown
from ingest.simulate.money.cast import enter, roles
from ingest.simulate.money.plan import AccountPlan
from ingest.simulate.money.render import NEW_API, rendered
from ingest.simulate.money.timeline import DAY, HOUR, Story, Timeline
from ingest.simulate.money.world import World


@dataclass(frozen=True)
class Played:
    """An account when its time is over."""

    plan: AccountPlan
    events: list[dict[str, Any]]  # in the order they were created
    world: World

    def objects(self) -> dict[str, Any]:
        """What list calls answer at the end, by type; and which transactions a payout paid out."""
        listed = {
            type_: [_listed(object_) for object_ in objects.values()]
            for type_, objects in self.world.account.objects.items()
            if type_ != "discount"
        }
        return {
            "api_version": NEW_API,
            "fetched_at": self.plan.end,
            "objects": listed,
            "payout_transactions": self.world.ledger.members,
        }


def play(plan: AccountPlan) -> Played:
    """From the first day of the plan to its end."""
    timeline = Timeline(plan.start + 6 * HOUR, plan.end)
    world = World(Dice(f"{plan.seed} account"), timeline)
    timeline.begin(world.ledger.weekly_payouts(failing=9))
    timeline.begin(world.ledger.monthly_fee())
    timeline.begin(_housekeeping(world))
    days = (plan.end - plan.start) // DAY
    for role in roles(Dice(f"{plan.seed} cast"), plan.customers, days):
        begin = plan.start if role.begins >= 0 else plan.end - plan.end % DAY
        hour = world.dice.between(6 * HOUR, 21 * HOUR)
        timeline.begin(enter(world, role), begin + role.begins * DAY + hour)
    timeline.play()
    return Played(plan, rendered(plan, world.account.happened), world)


def _housekeeping(world: World) -> Story:
    """The shop changes what it sells: a new name, a price nobody may choose any more, a coupon
    that is gone, though the books still name it."""
    account, catalogue = world.account, world.catalogue
    club = catalogue.products["club"]
    yield world.now + 150 * DAY
    account.change(club, "product.updated", name="Study club and forum", updated=world.now)
    yield world.now + 130 * DAY
    price = catalogue.price("all-quarter", "eur")
    account.change(price, "price.updated", active=False)
    yield world.now + 60 * DAY
    account.remove(catalogue.coupons["SCHOLAR100"], "coupon.deleted")


def _listed(state: Object) -> Object:
    """With what has to be asked for: the tiers of a price, the discounts of a subscription."""
    listed: Object = shown(state)
    if state["object"] == "price" and state["_tiers"]:
        listed["tiers"] = state["_tiers"]
    if state["object"] == "subscription":
        listed["discounts"] = [_expanded(discount) for discount in state["_discounts"]]
    return listed


def _expanded(discount: Object) -> Object:
    source = {**discount["source"], "coupon": shown(discount["_coupon"])}
    return {**shown(discount), "source": source}
