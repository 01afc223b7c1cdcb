"""What a warehouse has to show of a played account, counted from the simulator's own notes and
books: neither from the events nor with the warehouse's SQL."""

from collections import Counter
from typing import Any

from ingest.simulate.money.play import Played
from ingest.simulate.money.render import OLD_API
from ingest.simulate.money.truth_ledger import invoices_truth, ledger_truth, payments_truth
from ingest.simulate.money.truth_mrr import mrr_truth
from ingest.simulate.money.world import World


def account_truth(played: Played) -> dict[str, Any]:
    """Each part says in its docstring what its rows are. Months are in UTC.

    `events`: how many there are of each type, and in the older API version. `trials` that ended:
    subscription, end (seconds since 1970), whether the plan went on, whether anything was paid for
    it. `customers`: id, what links it to Moodle, the account there.
    """
    plan, world = played.plan, played.world
    types = Counter(event["type"] for event in played.events)
    return {
        "events": {
            "total": len(played.events),
            "old_api": sum(event["api_version"] == OLD_API for event in played.events),
            "types": dict(sorted(types.items())),
        },
        "mrr": mrr_truth(plan, world.journal.terms),
        "ledger": ledger_truth(world),
        "payments": payments_truth(world),
        "invoices": invoices_truth(world),
        "trials": _trials(world),
        "customers": world.journal.links,
    }


def _trials(world: World) -> list[list[Any]]:
    paid = [
        (invoice["parent"]["subscription_details"]["subscription"], invoice)
        for invoice in world.account.objects["invoice"].values()
        if invoice["amount_paid"] and invoice["parent"]
    ]
    return [
        [
            trial.subscription,
            trial.ended_at,
            trial.is_converted,
            any(
                subscription == trial.subscription
                and invoice["status_transitions"]["paid_at"] >= trial.ended_at
                for subscription, invoice in paid
            ),
        ]
        for trial in world.journal.trials
    ]
