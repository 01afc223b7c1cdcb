"""Events as an endpoint gets them: in the API version it was made with."""

from itertools import groupby
from typing import Any

import orjson

from ingest.simulate.dice import Dice
from ingest.simulate.money.account import Happening, shown
from ingest.simulate.money.old_shapes import as_old
from ingest.simulate.money.plan import AccountPlan

NEW_API = "2026-10-28.endive"
OLD_API = "2024-06-20"
NOT_IN_OLD = ("invoice_payment.", "refund.")  # types of events older versions do not have


def rendered(plan: AccountPlan, happened: list[Happening]) -> list[dict[str, Any]]:
    """Every event, in the order of creation.

    What happens within a second is told in one version. Its events have ids without an order, as
    Stripe's have.
    """
    ids, versions = Dice(f"{plan.seed} events"), Dice(f"{plan.seed} versions")
    events = []
    for at, together in groupby(happened, key=lambda happening: happening.at):
        is_old = versions.chance(plan.old_api_share)
        for happening in together:
            id_ = f"evt_1{at:08x}{ids.getrandbits(60):015x}"
            has_old = not happening.type.startswith(NOT_IN_OLD)
            events.append(_event(happening, id_, is_old and has_old))
    return events


def _event(happening: Happening, id_: str, is_old: bool) -> dict[str, Any]:
    state = _shaped(happening.state, is_old)
    data = {"object": state}
    if happening.before is not None:
        data["previous_attributes"] = _before(_shaped(happening.before, is_old), state)
    return {
        "id": id_,
        "object": "event",
        "api_version": OLD_API if is_old else NEW_API,
        "created": happening.at,
        "data": data,
        "livemode": True,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": happening.type,
    }


def _shaped(body: bytes, is_old: bool) -> dict[str, Any]:
    state = orjson.loads(body)
    shaped: dict[str, Any] = shown(as_old(state) if is_old else state)
    return shaped


def _before(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The fields that changed as they were; of what is nested in a field, only what changed."""
    found: dict[str, Any] = {}
    for name in old.keys() | new.keys():
        was, is_ = old.get(name), new.get(name)
        if was == is_:
            continue
        if isinstance(was, dict) and isinstance(is_, dict):
            found[name] = _before(was, is_)
        else:
            found[name] = was
    return dict(sorted(found.items()))
