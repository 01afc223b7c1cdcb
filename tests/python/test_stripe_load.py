"""`coursehouse load stripe` against an API that answers as Stripe does."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from stripe_lane import (
    DAY,
    NOW,
    PAID_OUT,
    StripeLane,
    account,
    days_ago,
    event,
    of,
    without_urls,
)
from stripe_replay import Fault, StripeReplay

from ingest.archive.replay import replay
from ingest.errors import UserError
from ingest.stripe import client, load
from ingest.stripe.events import append


@pytest.fixture
def stripe() -> Iterator[StripeReplay]:
    """A small account; nothing in it was told by an event."""
    with StripeReplay(account(), payout_transactions=PAID_OUT) as replay:
        yield replay


@pytest.fixture
def lane(stripe: StripeReplay, database: Callable[[], str], tmp_path: Path) -> StripeLane:
    """That account and an empty warehouse."""
    return StripeLane(stripe.url, stripe.key, database(), tmp_path)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries are the library's; waiting for minutes is not what is tested."""
    monkeypatch.setattr(client, "ATTEMPTS", 3)


def later(lane: StripeLane, days: float) -> None:
    """So many days pass: all that the warehouse remembers of its loads is older."""
    with psycopg.connect(lane.warehouse) as conn:
        for column in ("complete_at", "listed_all_at", "pass_started_at"):
            conn.execute(
                f"update ops.stripe_position set {column} = {column} - %s", [timedelta(days=days)]
            )


def test_a_first_load_reads_every_object_of_every_kind(
    lane: StripeLane, stripe: StripeReplay
) -> None:
    stripe.add(*(event(n, of("customer", f"cus_{n:03}", 1)) for n in range(250)))
    result = lane.load()
    assert (result.events, result.objects.inserted, result.objects.updated) == (250, 115, 0)
    stored = lane.read("select object_type, object_id, payload from objects")
    expected = {key: one for key, one in stripe.objects.items() if key[0] != "event"}
    assert {(kind, name): without_urls(payload) for kind, name, payload in stored} == expected
    assert lane.value("select count(distinct payload) from events") == 250
    assert lane.read("select distinct lane, body, object_type from events") == [
        ("api", None, "customer")
    ]
    assert set(stripe.versions) == {"2026-10-28.endive"}


def test_a_state_carries_when_it_was_asked_for_and_of_which_mode_it_is(lane: StripeLane) -> None:
    before = datetime.now(UTC)
    lane.load("refunds")
    ((fetched_at, livemode, created_at, version),) = lane.read(
        "select fetched_at, livemode, created_at, api_version from objects"
    )
    assert before <= fetched_at <= datetime.now(UTC)
    assert (livemode, version) == (True, "2026-10-28.endive")  # the refund itself does not say
    assert created_at == days_ago(15)


def test_a_second_load_changes_no_row(lane: StripeLane) -> None:
    lane.load()
    before = lane.everything(), lane.value("select count(*) from ops.load_manifest")
    result = lane.load()
    assert (result.events, result.objects.total) == (0, 0)
    assert (lane.everything(), lane.value("select count(*) from ops.load_manifest")) == before


def test_later_loads_ask_only_for_young_objects(lane: StripeLane, stripe: StripeReplay) -> None:
    lane.load()
    stripe.requests.clear()
    stripe.add(of("charge", "ch_new", 0, amount=5), event(1, of("charge", "ch_new", 0)))
    result = lane.load()
    assert (result.events, result.objects.inserted) == (1, 1)
    asked = {path: params for path, params in stripe.requests if "/" not in path.strip("/")}
    young = int(asked["charges"]["created[gte]"])
    assert NOW - 36 * DAY < young < NOW - 34 * DAY
    assert "created[gte]" not in asked["subscriptions"]


def test_a_late_change_of_status_is_a_second_state(lane: StripeLane, stripe: StripeReplay) -> None:
    lane.load()
    waiting = dict(stripe.objects["dispute", "dp_1"])
    stripe.add(waiting | {"status": "lost"})
    assert lane.load().objects.updated == 1
    assert [payload["status"] for payload, _ in lane.states("dp_1")] == ["needs_response", "lost"]


def test_a_state_that_came_back_unheard_is_stored_again_once(
    lane: StripeLane, stripe: StripeReplay
) -> None:
    lane.load()
    lane.read("update objects set fetched_at = fetched_at - interval '2 days' returning 1")
    customer = stripe.objects["customer", "cus_005"]
    stripe.add(event(1, customer | {"email": "for.a.while@example.org"}, days=0.5))
    assert lane.load().objects.updated == 1
    assert lane.states("cus_005") == [(customer, False), (customer, False)]
    before = lane.everything()
    assert lane.load().objects.total == 0
    assert lane.everything() == before


def test_an_event_later_than_the_answer_does_not_make_it_news(
    lane: StripeLane, stripe: StripeReplay
) -> None:
    """Stripe's clock may be ahead of ours."""
    lane.load()
    stripe.add(event(1, stripe.objects["customer", "cus_005"], days=-1))
    assert lane.load().objects.total == 0


def test_a_balance_transaction_becomes_available_however_old_it_is(
    lane: StripeLane, stripe: StripeReplay
) -> None:
    old = of("balance_transaction", "txn_old", 90, status="pending", available_on=NOW - DAY)
    stripe.add(old, old | {"id": "txn_reserved", "available_on": NOW + 9 * DAY})
    lane.load()
    stripe.add(old | {"status": "available"})
    stripe.requests.clear()
    assert lane.load().objects.updated == 1
    assert [payload["status"] for payload, _ in lane.states("txn_old")] == ["pending", "available"]
    assert stripe.listed("balance_transactions/txn_reserved") == 0


def test_a_deleted_customer_is_found_and_kept_as_deleted(
    lane: StripeLane, stripe: StripeReplay
) -> None:
    lane.load()
    stripe.delete("customer", "cus_020")
    assert lane.load().objects.deleted == 1
    (_, was_deleted), (stub, is_deleted) = lane.states("cus_020")
    assert (was_deleted, is_deleted) == (False, True)
    assert stub == {"id": "cus_020", "object": "customer", "deleted": True}
    assert lane.read(
        "select distinct livemode, created_at from objects where object_id = 'cus_020'"
    ) == [(True, days_ago(20))]
    stripe.requests.clear()
    assert lane.load().objects.total == 0
    assert stripe.listed("customers/cus_020") == 0


@pytest.mark.parametrize(
    ("object_type", "object_id"),
    [
        ("product", "prod_1"),
        ("coupon", "SUMMER 20%/x"),
        ("invoice", "in_draft"),
        ("customer", "cus_000"),
        ("customer", "cus_039"),
    ],
)
def test_whatever_can_be_deleted_is_missed(
    lane: StripeLane, stripe: StripeReplay, object_type: str, object_id: str
) -> None:
    lane.load()
    stripe.delete(object_type, object_id)
    assert lane.load().objects.deleted == 1
    assert [is_deleted for _, is_deleted in lane.states(object_id)] == [False, True]
    stripe.add(stripe.deleted[object_type, object_id])
    lane.load()
    assert [is_deleted for _, is_deleted in lane.states(object_id)] == [False, True, False]


def test_lists_inside_objects_are_complete(lane: StripeLane) -> None:
    lane.load("invoices", "subscriptions")
    ((invoice, _),) = lane.states("in_1")
    assert [line["id"] for line in invoice["lines"]["data"]] == [f"il_{n}" for n in range(250)]
    assert invoice["lines"]["has_more"] is False
    ((subscription, _),) = lane.states("sub_active")
    assert len(subscription["items"]["data"]) == 12


def test_canceled_subscriptions_and_what_hides_unless_expanded_are_there(lane: StripeLane) -> None:
    lane.load()
    ((canceled, _),) = lane.states("sub_canceled")
    assert canceled["discounts"][0]["source"]["coupon"]["id"] == "SUMMER 20%/x"
    ((price, _),) = lane.states("price_1")
    assert price["tiers"] == [{"up_to": None, "unit_amount": 900}]


def test_transactions_of_a_payout_are_linked_once_stripe_has_settled_it(
    lane: StripeLane, stripe: StripeReplay
) -> None:
    lane.load()
    links = "select payout_id, balance_transaction_id from payout_transactions order by 2"
    assert lane.read(links) == [("po_auto", f"txn_{n}") for n in (1, 2, 3)]
    stripe.add(stripe.objects["payout", "po_now"] | {"reconciliation_status": "completed"})
    stripe.payout_transactions["po_now"] = ["txn_0", "txn_new"]
    stripe.add(of("balance_transaction", "txn_new", 0, status="available"))
    lane.load()
    assert lane.read(links)[0] == ("po_now", "txn_0")
    assert lane.value("select count(*) from payout_transactions") == 5


def test_the_webhook_that_came_first_stays(lane: StripeLane, stripe: StripeReplay) -> None:
    delivered = event(1, of("customer", "cus_000"))
    lane.load("refunds")  # makes the tables
    with psycopg.connect(lane.warehouse) as conn:
        append(
            conn,
            "http",
            [
                b'{"id": "evt_00001", "object": "event", "created": 1,'
                b' "livemode": true, "type": "x"}'
            ],
            1,
            datetime.now(UTC),
        )
    stripe.add(delivered, event(2, of("customer", "cus_001")))
    assert lane.load("events").events == 1
    assert lane.read("select event_id, lane, body is null from events order by 1") == [
        ("evt_00001", "http", False),
        ("evt_00002", "api", True),
    ]


def test_events_are_read_again_for_a_day(lane: StripeLane, stripe: StripeReplay) -> None:
    stripe.add(event(1, of("customer", "cus_001", 2)))
    lane.load("events")
    late = event(2, of("customer", "cus_001", 0.5))  # was not listed yet
    stripe.add(late)
    assert lane.load("events").events == 1
    assert NOW - 1.1 * DAY < int(stripe.requests[-1][1]["created[gte]"]) < NOW - 0.9 * DAY


def test_when_events_expired_unread_all_objects_are_read_again(
    lane: StripeLane, stripe: StripeReplay
) -> None:
    lane.load()
    old = stripe.objects["charge", "ch_19"]
    stripe.add(old | {"amount_refunded": 1000})
    later(lane, 20)
    assert lane.load().objects.updated == 0  # an event would have told
    later(lane, 31)
    assert lane.load().objects.updated == 1
    stripe.requests.clear()
    lane.load()
    assert all("created[gte]" in p for path, p in stripe.requests if path == "charges")


def test_without_events_every_load_reads_all_objects(
    lane: StripeLane, stripe: StripeReplay
) -> None:
    lane.load("charges")
    stripe.add(stripe.objects["charge", "ch_19"] | {"amount_refunded": 1000})
    assert lane.load("charges").objects.updated == 1


def test_since_reads_again_what_was_created_from_that_day_on_and_nothing_else_follows(
    lane: StripeLane, stripe: StripeReplay
) -> None:
    assert lane.load("charges", since=days_ago(45)).objects.inserted == 5
    assert lane.load("charges").objects.inserted == 15  # the position had not moved
    lane.load("events")
    lane.load("charges")
    for number in (4, 19):
        stripe.add(stripe.objects["charge", f"ch_{number}"] | {"amount_refunded": 1})
    assert lane.load("charges").objects.total == 0
    assert lane.load("charges", since=days_ago(45)).objects.updated == 1


def test_keys_of_both_modes_have_positions_of_their_own(
    lane: StripeLane, stripe: StripeReplay
) -> None:
    lane.load("refunds")
    stripe.key = lane.key = "rk_test_replayed"
    stripe.add(of("refund", "re_test", 300))
    lane.load("events", "refunds")
    assert lane.read("select object_id, livemode from objects order by 1, 2") == [
        ("re_1", True),
        ("re_test", False),
    ]


def test_the_key_of_another_account_is_refused(lane: StripeLane, stripe: StripeReplay) -> None:
    """Else everything would be taken for deleted."""
    lane.load()
    before = lane.everything()
    stripe.objects.clear()
    stripe.add(of("customer", "cus_of_others", livemode=True), event(1, of("customer", "cus_9")))
    with pytest.raises(UserError) as failed:
        lane.load()
    assert str(failed.value) == (
        "this warehouse holds another account of Stripe: the key does not find cus_039"
    )
    assert lane.everything() == before


def test_an_object_deleted_while_its_page_is_turned_loses_none(
    lane: StripeLane, stripe: StripeReplay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PAGE_OBJECTS", 10)

    def delete_the_cursor(path: str, params: dict[str, Any]) -> None:
        if params.get("starting_after") == "cus_019":
            stripe.objects.pop(("customer", "cus_019"), None)

    stripe.on_request = delete_the_cursor
    assert lane.load("customers").objects.inserted == 40
    assert lane.load("customers").objects.deleted == 1


def test_what_postgres_cannot_store_is_said_and_everything_else_is_loaded(
    lane: StripeLane, stripe: StripeReplay
) -> None:
    odd = stripe.objects["customer", "cus_007"] | {"name": "ja\0ne"}
    told = event(1, odd, days=0.5)
    stripe.add(odd, told, event(2, of("customer", "cus_008")))
    result = lane.load()
    assert (result.events, result.objects.inserted, result.left_out) == (1, 114, 2)
    why = "is left out: Postgres cannot store it: UntranslatableCharacter (22P05)"
    assert {f"events: evt_00001 {why}", f"customers: cus_007 {why}"} <= set(lane.said)
    letters = "select topic, lane, error_class, payload from raw_events.dead_letter"
    ((*letter, payload),) = lane.read(letters)
    assert letter == ["stripe.events", "api", "unstorable"]
    assert json.loads(payload) == told
    before = lane.everything()
    again = lane.command()
    assert again.returncode == 0, again.stderr
    assert "2 left out, see above" in again.stdout and "ja" not in again.stdout
    assert (lane.everything(), len(lane.read(letters))) == (before, 1)


def test_a_dead_letter_of_the_api_is_replayed_as_what_nobody_signed(
    lane: StripeLane, stripe: StripeReplay
) -> None:
    stripe.add(event(1, of("customer", "cus_001", name="ja\0ne")))
    lane.load("events")
    lane.read(
        "update raw_events.dead_letter set payload ="
        " convert_to(replace(convert_from(payload, 'UTF8'), '\\u0000', ''), 'UTF8') returning 1"
    )
    assert replay(lane.settings(), lane.said.append, ["stripe.events"]).accepted == 1
    assert lane.read("select event_id, lane, body from events") == [("evt_00001", "api", None)]


def test_requests_are_repeated_when_stripe_is_busy_or_fails(
    lane: StripeLane, stripe: StripeReplay
) -> None:
    stripe.faults = [
        Fault("customers", 429, headers={"Retry-After": "1"}),
        Fault("charges", 500, times=2),
        Fault("invoices/in_1/lines", 503, skip=1),
    ]
    assert lane.load("customers", "charges", "invoices").objects.inserted == 62
    assert [fault.times for fault in stripe.faults] == [0, 0, 0]


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (429, "Stripe asks for fewer requests (429) and does not relent"),
        (500, "Stripe fails at /v1/refunds (500)"),
    ],
)
def test_what_stays_broken_is_said_in_one_line(
    lane: StripeLane, stripe: StripeReplay, status: int, says: str
) -> None:
    stripe.faults = [Fault("refunds", status, times=99, body={"error": {"message": "Zoë"}})]
    with pytest.raises(UserError) as failed:
        lane.load()
    assert str(failed.value) == f"{says}: run it again, it goes on where it stopped"
    stripe.faults = []
    lane.load()
    assert lane.value("select count(*) from objects") == 115


def test_a_permission_the_key_lacks_is_named_and_the_rest_is_loaded(
    lane: StripeLane, stripe: StripeReplay
) -> None:
    stripe.forbidden = {"disputes": "rak_dispute_read"}
    ended = lane.command()
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)
    assert "the key may not read disputes (rak_dispute_read): permit it" in ended.stderr
    assert lane.value("select count(*) from objects") == 114
    assert lane.command("--objects", "refunds,payouts").returncode == 0


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("sk_live_wrong", "Stripe does not accept the key in COURSEHOUSE_STRIPE_API_KEY"),
        ("sk live\nwrong", "COURSEHOUSE_STRIPE_API_KEY is not a key of Stripe"),
        ("", "set COURSEHOUSE_STRIPE_API_KEY to a key of your account"),
    ],
)
def test_a_wrong_key_ends_in_one_line_that_does_not_show_it(
    lane: StripeLane, key: str, says: str
) -> None:
    lane.key = key
    ended = lane.command()
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"coursehouse: {says}")
    assert len(ended.stderr.splitlines()) == 1
    assert not key or key not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--objects", "charges,carges"], "Stripe has no carges to load; there are events, "),
        (["--since", "yesterday"], "Invalid value for '--since'"),
    ],
)
def test_mistakes_of_the_command_are_said(
    lane: StripeLane, arguments: list[str], says: str
) -> None:
    ended = lane.command(*arguments)
    assert ended.returncode != 0
    assert says in ended.stderr


@pytest.mark.parametrize("body", [{"hello": "world"}, {"data": []}, {"data": [], "has_more": None}])
def test_an_address_that_is_not_stripes_is_said(
    lane: StripeLane, stripe: StripeReplay, body: dict[str, Any]
) -> None:
    stripe.faults = [Fault("events", 200, body=body)]
    with pytest.raises(UserError, match="does not answer like Stripe: look at COURSEHOUSE_STRIPE"):
        lane.load("events")


def test_what_stripe_refuses_is_named_without_its_words(
    lane: StripeLane, stripe: StripeReplay
) -> None:
    error = {
        "type": "invalid_request_error",
        "code": "x_invalid",
        "message": "of Zoë",
        "param": "y",
    }
    stripe.faults = [Fault("events", 400, body={"error": error})]
    with pytest.raises(UserError) as failed:
        lane.load("events")
    assert str(failed.value) == "Stripe refuses /v1/events: 400, x_invalid of y"


def test_a_server_that_dies_in_the_middle_costs_nothing(
    lane: StripeLane,
    stripe: StripeReplay,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "PAGE_OBJECTS", 10)
    monkeypatch.setattr(load, "BATCH_OBJECTS", 20)

    def die(path: str, params: dict[str, Any]) -> None:
        if params.get("starting_after") == "cus_029":
            stripe.die()

    stripe.on_request = die
    with pytest.raises(UserError, match="cannot reach Stripe at "):
        lane.load("customers")
    assert lane.value("select count(*) from objects") == 20
    again = StripeReplay(stripe.objects.values(), port=int(stripe.url.rsplit(":")[-1]))
    with again:
        assert lane.load("customers").objects.inserted == 20
        # the listing went on where it was cut off, and then looked for what is new
        first = next(params for path, params in again.requests if path == "customers")
        assert int(first["created[lte]"]) == NOW - 19 * DAY
    assert lane.value("select count(*) from objects") == 40
