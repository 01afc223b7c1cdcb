"""The simulated Stripe account: its books balance, and its events tell what its API would list."""

import itertools
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg
import pytest
import yaml
from stripe_account import small_account

from ingest.errors import UserError
from ingest.events.contracts import contract_of
from ingest.settings import PROJECT_DIR
from ingest.simulate.money.cast import ACCOUNTS_FILE
from ingest.simulate.money.deliver import deliveries
from ingest.simulate.money.plan import AccountPlan
from ingest.simulate.money.play import Played, play
from ingest.simulate.money.truth import account_truth

PLAN = AccountPlan()
DIGEST = """
import hashlib
from ingest.simulate.money.deliver import deliveries
from ingest.simulate.money.plan import AccountPlan
from ingest.simulate.money.play import play
from ingest.simulate.money.truth import account_truth
played = play(AccountPlan(shuffle=True, duplicate_share=0.1))
print(hashlib.sha256(repr((deliveries(played), account_truth(played))).encode()).hexdigest())
"""
# Stripe changes these without an event, or shows them only to those who ask.
UNTOLD = {
    "charge": {"disputed"},
    "coupon": {"times_redeemed"},
    "customer": {"next_invoice_sequence"},
    "payment_intent": {"amount"},
    "price": {"tiers"},
    "subscription": {"discounts", "latest_invoice"},
}
POINTERS = (
    "charge", "customer", "invoice", "payment_intent", "product", "subscription",
    "balance_transaction", "latest_invoice", "latest_charge",
)  # fmt: skip


@pytest.fixture(scope="module")
def account() -> Played:
    return small_account()


@pytest.fixture(scope="module")
def new_only() -> Played:
    return play(replace(PLAN, old_api_share=0))


@pytest.fixture(scope="module")
def old_only() -> Played:
    return play(replace(PLAN, old_api_share=1))


def test_an_invoice_is_paid_by_a_charge_of_exactly_what_is_due(account: Played) -> None:
    charges = account.world.account.objects["charge"]
    paid = [one for one in _objects(account, "invoice") if one["status"] == "paid"]
    assert len(paid) > 200
    for invoice in paid:
        assert invoice["amount_paid"] == invoice["amount_due"]
        assert invoice["amount_remaining"] == 0
        if invoice["amount_due"]:
            charge = charges[invoice["_charge"]]
            assert charge["amount_captured"] == invoice["amount_paid"]
            assert charge["payment_intent"] == invoice["_payment_intent"]
        else:
            assert invoice["_charge"] is None


def test_an_invoice_adds_up(account: Played) -> None:
    for invoice in _objects(account, "invoice"):
        lines = invoice["lines"]["data"]
        taxes = [tax for line in lines for tax in line["taxes"]]
        on_top = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
        off = sum(entry["amount"] for line in lines for entry in line["discount_amounts"])
        assert invoice["subtotal"] == sum(line["amount"] for line in lines)
        assert sum(entry["amount"] for entry in invoice["total_discount_amounts"]) == off
        assert invoice["total"] == invoice["subtotal"] - off + on_top
        assert invoice["total_excluding_tax"] == invoice["total"] - sum(t["amount"] for t in taxes)
        due = max(invoice["total"], 0) - invoice["pre_payment_credit_notes_amount"]
        if invoice["status"] != "draft":
            moved = invoice["ending_balance"] - invoice["starting_balance"]
            assert invoice["amount_due"] == due - max(moved, 0)
            assert moved == max(moved, 0) + min(invoice["total"], 0)
        assert invoice["amount_remaining"] == invoice["amount_due"] - invoice["amount_paid"]


def test_a_credit_is_used_up_before_a_card_is_charged(account: Played) -> None:
    credited = [one for one in _objects(account, "invoice") if one["total"] < 0]
    assert len(credited) == 1
    mine = [
        one
        for one in _objects(account, "invoice")
        if one["customer"] == credited[0]["customer"] and one["created"] > credited[0]["created"]
    ]
    assert mine[0]["starting_balance"] == credited[0]["total"]
    assert mine[0]["amount_due"] == 0 < mine[0]["total"]
    assert mine[0]["ending_balance"] == mine[0]["starting_balance"] + mine[0]["total"]


def test_refunds_that_succeeded_are_what_a_charge_has_lost(account: Played) -> None:
    back: Counter[str] = Counter()
    for refund in _objects(account, "refund"):
        if refund["status"] == "succeeded":
            back[refund["charge"]] += refund["amount"]
    for charge in _objects(account, "charge"):
        assert charge["amount_refunded"] == back[charge["id"]] <= charge["amount_captured"]
        assert charge["refunded"] == (0 < charge["amount"] == charge["amount_refunded"])


def test_net_is_amount_less_fee_and_fees_have_reasons(account: Played) -> None:
    for entry in _objects(account, "balance_transaction"):
        assert entry["net"] == entry["amount"] - entry["fee"]
        assert entry["fee"] == sum(detail["amount"] for detail in entry["fee_details"])


def test_every_movement_of_money_is_booked_once(account: Played) -> None:
    booked = Counter(entry["id"] for entry in _objects(account, "balance_transaction"))
    sources = Counter(
        (entry["source"], entry["reporting_category"])
        for entry in _objects(account, "balance_transaction")
        if entry["source"]
    )
    assert set(booked.values()) == set(sources.values()) == {1}
    charges = {one["id"] for one in _objects(account, "charge") if one["paid"]}
    assert {source for source, category in sources if category == "charge"} == charges
    refunds = {one["id"] for one in _objects(account, "refund")}
    assert {source for source, category in sources if category == "refund"} == refunds
    disputed = {one["id"] for one in _objects(account, "dispute") if one["balance_transactions"]}
    assert {source for source, category in sources if category == "dispute"} == disputed


def test_a_payout_is_the_sum_of_what_it_pays_out_and_nothing_is_paid_out_twice(
    account: Played,
) -> None:
    entries = account.world.account.objects["balance_transaction"]
    members = account.objects()["payout_transactions"]
    paid_out = Counter(entry for of_one in members.values() for entry in of_one)
    assert set(paid_out.values()) == {1}
    for payout in _objects(account, "payout"):
        assert payout["amount"] == sum(entries[id_]["net"] for id_ in members[payout["id"]])
        assert entries[payout["balance_transaction"]]["net"] == -payout["amount"]
    kept = [entry for id_, entry in entries.items() if id_ not in paid_out]
    left = sum(entry["net"] for entry in kept if entry["type"] != "payout")
    assert sum(entry["net"] for entry in entries.values()) == left


def test_three_decimals_end_in_a_zero(account: Played) -> None:
    amounts = [
        value
        for type_ in ("charge", "invoice", "price", "refund")
        for one in _objects(account, type_)
        if one["currency"] == "kwd"
        for name, value in one.items()
        if "amount" in name and isinstance(value, int) and not isinstance(value, bool)
    ]
    assert len(amounts) > 20
    assert not [amount for amount in amounts if amount % 10]


def test_what_an_object_names_exists(account: Played) -> None:
    listed = account.objects()["objects"]
    known = {one["id"] for objects in listed.values() for one in objects}
    gone = {id_ for id_, _, _ in account.world.journal.links} - known
    assert len(gone) == 1  # the customer who asked to be forgotten
    for objects in listed.values():
        for one in objects:
            named = {one[name] for name in POINTERS if isinstance(one.get(name), str)}
            assert named <= known | gone


def test_the_last_event_of_an_object_shows_what_the_api_lists(new_only: Played) -> None:
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for event in new_only.events:
        state = event["data"]["object"]
        if "id" in state:
            told[state["object"], state["id"]] = state
    compared: Counter[str] = Counter()
    for type_, objects in new_only.objects()["objects"].items():
        if type_ == "balance_transaction":  # no event tells of it
            continue
        for one in objects:
            state = told[type_, one["id"]]
            differing = {name for name in one if one[name] != state.get(name)}
            assert differing <= UNTOLD.get(type_, set()), (type_, one["id"], differing)
            compared[type_] += 1
    assert compared.total() > 1_000


def test_an_update_names_what_it_replaced(new_only: Played) -> None:
    last: dict[str, dict[str, Any]] = {}
    replaced = 0
    for event in new_only.events:
        state = event["data"]["object"]
        before = last.get(state.get("id", ""))
        for name, value in event["data"].get("previous_attributes", {}).items():
            if before is not None and name not in UNTOLD.get(state["object"], set()):
                assert _holds(before.get(name), value), (event["type"], name)
                assert state[name] != before.get(name)
                replaced += 1
        last[state.get("id", "")] = state
    assert replaced > 1_000


def test_both_api_versions_tell_of_the_same_events(new_only: Played, old_only: Played) -> None:
    assert [_told(event) for event in new_only.events] == [_told(e) for e in old_only.events]
    newer = {event["type"] for event in old_only.events if event["api_version"] > "2025"}
    assert newer == {"invoice_payment.paid", "refund.created", "refund.failed"}
    assert {event["api_version"] for event in new_only.events} == {"2026-10-28.endive"}


def test_older_payloads_have_things_where_they_used_to_be(
    new_only: Played, old_only: Played
) -> None:
    for new, old in zip(new_only.events, old_only.events, strict=True):
        then, now = old["data"]["object"], new["data"]["object"]
        if now["object"] == "subscription":
            item = now["items"]["data"][0]
            assert then["current_period_end"] == item["current_period_end"]
            assert "current_period_end" not in then["items"]["data"][0]
            assert "current_period_end" not in now
            assert bool(then["discount"]) == bool(now["discounts"])
        if now["object"] == "invoice" and now["parent"]:
            assert then["subscription"] == now["parent"]["subscription_details"]["subscription"]
            assert then["tax"] in (None, sum(tax["amount"] for tax in now["total_taxes"]))
            for line, newer in zip(then["lines"]["data"], now["lines"]["data"], strict=True):
                details = newer["parent"]["subscription_item_details"]
                assert line["price"]["id"] == newer["pricing"]["price_details"]["price"]
                assert line["proration"] == details["proration"]
                assert line["subscription_item"] == details["subscription_item"]
        if now["object"] == "charge":
            assert "invoice" in then and "invoice" not in now
        if now["object"] == "discount":
            assert then["coupon"]["id"] == now["source"]["coupon"]


def test_what_happens_within_a_second_is_told_in_one_version(account: Played) -> None:
    versions = defaultdict(set)
    for event in account.events:
        if not event["type"].startswith(("invoice_payment.", "refund.")):
            versions[event["created"]].add(event["api_version"])
    assert {len(found) for found in versions.values()} == {1}
    assert {version for found in versions.values() for version in found} == {
        "2024-06-20",
        "2026-10-28.endive",
    }


def test_nothing_private_to_the_simulator_leaves_it(account: Played, old_only: Played) -> None:
    for event in (*account.events, *old_only.events):
        assert not [name for name in _names(event) if name.startswith("_")]
    assert not [name for name in _names(account.objects()["objects"]) if name.startswith("_")]


def test_every_event_keeps_the_contract_of_the_receiver(account: Played) -> None:
    contract = contract_of("stripe.events")
    assert {contract.check(body) for body in deliveries(account)} == {None}
    assert len({event["id"] for event in account.events}) == len(account.events)


def test_events_are_told_in_order_and_within_the_plan(account: Played) -> None:
    told = [event["created"] for event in account.events]
    assert told == sorted(told)
    assert PLAN.start <= told[0]
    assert told[-1] < PLAN.end


def test_the_same_plan_gives_the_same_bytes_in_another_process() -> None:
    """Python hashes text differently in every process: no order may hang on it."""
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=PROJECT_DIR,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(digests) == 1


def test_how_webhooks_travel_leaves_what_happened_as_it_was(account: Played) -> None:
    noisy = play(replace(PLAN, shuffle=True, duplicate_share=0.2))
    assert noisy.events == account.events
    assert account_truth(noisy) == account_truth(account)
    bodies, plain = deliveries(noisy), deliveries(account)
    assert set(bodies) == set(plain)
    assert len(bodies) == len(plain) + round(0.2 * len(plain))
    assert bodies[: len(plain)] != plain


def test_a_copy_comes_after_the_first(account: Played) -> None:
    bodies = deliveries(replace(account, plan=replace(PLAN, duplicate_share=0.1)))
    firsts = list(dict.fromkeys(bodies))
    assert firsts == deliveries(account)
    assert len(bodies) == len(firsts) + round(0.1 * len(firsts))


def test_another_seed_gives_another_account(account: Played) -> None:
    other = play(replace(PLAN, seed=2))
    assert not {e["id"] for e in account.events} & {e["id"] for e in other.events}


@pytest.mark.parametrize(
    ("type_", "field", "expected"),
    [
        ("subscription", "status", {"active", "canceled", "incomplete_expired", "past_due",
                                    "trialing", "unpaid"}),
        ("invoice", "status", {"draft", "open", "paid", "uncollectible", "void"}),
        ("invoice", "currency", {"eur", "gbp", "jpy", "kwd", "usd"}),
        ("invoice", "billing_reason", {"manual", "subscription_create", "subscription_cycle",
                                       "subscription_update"}),
        ("invoice", "collection_method", {"charge_automatically", "send_invoice"}),
        ("charge", "status", {"failed", "succeeded"}),
        ("payment_intent", "status", {"canceled", "requires_payment_method", "succeeded"}),
        ("refund", "status", {"failed", "succeeded"}),
        ("dispute", "status", {"lost", "warning_closed", "won"}),
        ("credit_note", "type", {"post_payment", "pre_payment"}),
        ("payout", "status", {"failed", "paid"}),
        ("price", "tiers_mode", {None, "graduated", "volume"}),
        ("coupon", "duration", {"forever", "once", "repeating"}),
        ("balance_transaction", "reporting_category", {"charge", "dispute", "dispute_reversal",
            "fee", "payout", "payout_reversal", "refund", "refund_failure"}),
        ("balance_transaction", "status", {"available", "pending"}),
    ],
)  # fmt: skip
def test_the_account_has_one_of_each(
    account: Played, type_: str, field: str, expected: set[str | None]
) -> None:
    assert {one[field] for one in _objects(account, type_)} == expected


def test_subscriptions_live_through_everything(account: Played) -> None:
    lives = defaultdict(list)
    for term in account.world.journal.terms:
        lives[term.subscription].append(term.status)
    passed = {(a, b) for life in lives.values() for a, b in itertools.pairwise(life) if a != b}
    assert passed >= {
        ("incomplete", "active"), ("incomplete", "incomplete_expired"), ("trialing", "active"),
        ("trialing", "canceled"), ("trialing", "paused"), ("paused", "active"),
        ("active", "past_due"), ("past_due", "active"), ("past_due", "canceled"),
        ("past_due", "unpaid"), ("unpaid", "active"), ("active", "canceled"),
    }  # fmt: skip
    intervals = {
        (one["price"]["recurring"]["interval"], one["price"]["recurring"]["interval_count"])
        for subscription in _objects(account, "subscription")
        for one in subscription["items"]["data"]
    }
    assert intervals == {("week", 1), ("month", 1), ("month", 3), ("year", 1)}


def test_learners_and_addresses_are_those_of_the_sample_site(
    account: Played, sample_site: str
) -> None:
    with psycopg.connect(sample_site) as site:
        rows = site.execute("select id, email from mdl_user where deleted = 0").fetchall()
    addresses: dict[int, str] = dict(rows)
    known = yaml.safe_load(ACCOUNTS_FILE.read_text(encoding="utf8"))
    assert known == {id_: addresses[id_] for id_ in known}
    learners = {learner for _, _, learner in account.world.journal.links if learner is not None}
    assert learners <= addresses.keys()
    assert len(learners) > 30


@pytest.mark.parametrize(
    "wrong",
    [
        {"duplicate_share": 1.2},
        {"old_api_share": -0.1},
        {"customers": 0},
        {"months": 6},
        {"until": datetime(2025, 10, 31)},
    ],
)
def test_a_plan_that_cannot_be_played_says_why(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        AccountPlan(**wrong)


def _objects(account: Played, type_: str) -> list[dict[str, Any]]:
    return list(account.world.account.objects[type_].values())


def _told(event: dict[str, Any]) -> tuple[str, str, int]:
    return event["id"], event["type"], event["created"]


def _holds(state: Any, part: Any) -> bool:
    """Whether a state has the fields that an update says it replaced."""
    if isinstance(state, dict) and isinstance(part, dict):
        return all(_holds(state.get(name), value) for name, value in part.items())
    return bool(state == part)


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for nested in value.values():
            yield from _names(nested)
    elif isinstance(value, list):
        for nested in value:
            yield from _names(nested)
