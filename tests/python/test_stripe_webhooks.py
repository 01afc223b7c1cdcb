"""Webhooks of Stripe over real HTTP into a real Postgres: what is kept, and what is refused."""

import gzip
import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import plain_http
import psycopg
import pytest
from collector_process import CollectorProcess, environment_of, read
from stripe import WebhookSignature
from stripe_events import OLD_SECRET, SECRET, body_of, deliver, signature, snapshot, thin

from ingest.errors import UserError
from ingest.settings import Settings
from ingest.stripe.webhooks import Verifier
from ingest.warehouse.bootstrap import bootstrap
from ingest.warehouse.manifest import PUBLISH_LOCK

Start = Callable[..., CollectorProcess]
BOTH = {"COURSEHOUSE_STRIPE_WEBHOOK_SECRETS": f"{OLD_SECRET}, {SECRET}"}


@pytest.fixture(scope="module")
def dsn(new_database: Callable[[str], str]) -> str:
    address = new_database("stripe")
    with psycopg.connect(address) as conn:
        bootstrap(conn)
    return address


@pytest.fixture
def start(dsn: str, free_port: Callable[[], int], tmp_path: Path) -> Iterator[Start]:
    """Starts a collector with settings of the test's own."""
    running: list[CollectorProcess] = []

    def begin(**options: str) -> CollectorProcess:
        home = tmp_path / str(len(running))
        home.mkdir()
        environment = environment_of(dsn, home, **options) | BOTH
        running.append(CollectorProcess(free_port(), home, environment))
        return running[-1].start()

    yield begin
    for one in running:
        one.stop()


@pytest.fixture(scope="module")
def collector(
    dsn: str, free_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CollectorProcess]:
    """One collector that knows two secrets, for every test with ordinary settings."""
    home = tmp_path_factory.mktemp("collector")
    environment = environment_of(dsn, home, access_log="true") | BOTH
    running = CollectorProcess(free_port(), home, environment)
    yield running.start()
    running.stop()


def kept(dsn: str, event_id: str) -> dict[str, Any]:
    """The one row of an event."""
    with psycopg.connect(dsn) as conn, conn.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        rows = cursor.execute(
            "select * from raw_stripe.events where event_id = %s", [event_id]
        ).fetchall()
    assert len(rows) == 1
    return rows[0]


def everything(dsn: str) -> tuple[Any, ...]:
    """What changes when anything is stored."""
    return read(
        dsn,
        "select (select count(*) from raw_stripe.events),"
        " (select count(*) from raw_events.dead_letter),"
        " (select max(load_id) from ops.load_manifest)",
    )[0]


# ---------- what is kept


def test_an_event_is_kept_byte_for_byte_with_what_it_says_of_itself(
    collector: CollectorProcess, dsn: str
) -> None:
    event = snapshot()
    body = body_of(event).replace(b'"balance": 0', b'"balance":   0.10')
    before = datetime.now(UTC)
    answer = deliver(collector, body)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
    row = kept(dsn, event["id"])
    assert bytes(row["body"]) == body
    assert row["payload"] == json.loads(body)
    assert before <= row["_loaded_at"] <= datetime.now(UTC)
    assert {name: row[name] for name in list(row)[:8]} | {"lane": row["lane"]} == {
        "event_id": event["id"],
        "type": "customer.updated",
        "api_version": "2026-10-28.endive",
        "account": None,
        "livemode": True,
        "created_at": datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC),
        "object_type": "customer",
        "object_id": event["data"]["object"]["id"],
        "lane": "http",
    }


def test_mode_account_and_version_are_those_of_the_event(
    collector: CollectorProcess, dsn: str
) -> None:
    found = []
    for changed in (
        {"livemode": False, "account": "acct_1", "api_version": "2019-05-16"},
        {"context": "acct_2", "api_version": None},
    ):
        event = snapshot(**changed)
        assert deliver(collector, body_of(event)).status_code == 202
        row = kept(dsn, event["id"])
        found.append((row["livemode"], row["account"], row["api_version"]))
    assert found == [(False, "acct_1", "2019-05-16"), (True, "acct_2", None)]


def test_an_object_without_an_id_is_kept(collector: CollectorProcess, dsn: str) -> None:
    event = snapshot(type="balance.available", data={"object": {"object": "balance"}})
    assert deliver(collector, body_of(event)).status_code == 202
    row = kept(dsn, event["id"])
    assert (row["object_type"], row["object_id"]) == ("balance", None)


def test_a_thin_notification_is_kept_with_the_object_it_names(
    collector: CollectorProcess, dsn: str
) -> None:
    named, alone = thin(), thin(related_object=None, context=None)
    for event in (named, alone):
        assert deliver(collector, body_of(event)).status_code == 202
    row = kept(dsn, named["id"])
    assert (row["object_type"], row["object_id"]) == ("billing.meter", "mtr_1")
    assert (row["account"], row["api_version"], row["livemode"]) == ("acct_9", None, False)
    assert row["created_at"] == datetime(2025, 10, 9, 8, 53, 20, 123_000, tzinfo=UTC)
    assert bytes(row["body"]) == body_of(named)
    assert kept(dsn, alone["id"])["object_type"] is None


def test_a_megabyte_is_kept_and_a_byte_more_is_too_large(
    collector: CollectorProcess, dsn: str
) -> None:
    event = snapshot(padding="")
    padding = "x" * (1_000_000 - len(body_of(event)))
    body = body_of({**event, "padding": padding})
    assert len(body) == 1_000_000
    assert deliver(collector, body).status_code == 202
    assert bytes(kept(dsn, event["id"])["body"]) == body
    before = everything(dsn)
    assert deliver(collector, body + b" ").status_code == 413
    assert everything(dsn) == before


def test_a_body_that_was_compressed_on_its_way_is_kept_as_it_was_signed(
    collector: CollectorProcess, dsn: str
) -> None:
    event = snapshot()
    body = body_of(event)
    answer = deliver(
        collector, gzip.compress(body), signature(body, SECRET), content_encoding="gzip"
    )
    assert answer.status_code == 202
    assert bytes(kept(dsn, event["id"])["body"]) == body


@pytest.mark.parametrize(
    "value", ['"a\\u0000b"', '"\\ud800"', "1e400000", "1e-400000", "9" * 5_000]
)
def test_what_postgres_cannot_store_is_kept_as_a_dead_letter(
    collector: CollectorProcess, dsn: str, value: str
) -> None:
    body = body_of(snapshot(odd="?")).replace(b'"?"', value.encode())
    assert deliver(collector, body).status_code == 202
    query = (
        "select topic, payload, error_class from raw_events.dead_letter"
        " order by dead_letter_id desc limit 1"
    )
    ((topic, payload, error_class),) = read(dsn, query)
    assert (topic, bytes(payload), error_class) == ("stripe.events", body, "unstorable")


# ---------- repeated and out of order


def test_a_delivery_that_is_repeated_is_acknowledged_and_changes_nothing(
    collector: CollectorProcess, dsn: str
) -> None:
    event = snapshot()
    body, later = body_of(event), json.dumps(event).encode()
    header = signature(body, SECRET)
    assert deliver(collector, body, header).status_code == 202
    first = kept(dsn, event["id"])
    assert deliver(collector, body, header).status_code == 202
    assert deliver(collector, later).status_code == 202
    assert kept(dsn, event["id"]) == first


def test_copies_in_one_commit_are_one_row(collector: CollectorProcess, dsn: str) -> None:
    event, other = snapshot(), snapshot()
    odd = body_of(snapshot(odd="?")).replace(b'"?"', b"1e-400000")
    before = everything(dsn)
    inserted = "select sum(rows_inserted) from ops.load_manifest where source = 'http'"
    rows = read(dsn, inserted)[0][0]
    with psycopg.connect(dsn) as loading:  # so that all of them end up in one group
        loading.execute("select pg_advisory_xact_lock(hashtext(%s))", [PUBLISH_LOCK])
        with ThreadPoolExecutor(10) as pool:
            bodies = [body_of(event)] * 8 + [odd, body_of(other)]
            answers = [pool.submit(deliver, collector, body) for body in bodies]
            time.sleep(1)
            loading.rollback()
            assert {answer.result().status_code for answer in answers} == {202}
    stored, letters, _ = everything(dsn)
    assert (stored, letters) == (before[0] + 2, before[1] + 1)
    assert read(dsn, inserted)[0][0] == rows + 2
    assert bytes(kept(dsn, event["id"])["body"]) == body_of(event)


def test_every_order_of_arrival_gives_the_same_rows(collector: CollectorProcess, dsn: str) -> None:
    found = []
    for order in itertools.permutations(range(3)):
        run = uuid.uuid4().hex
        events = [snapshot(id=f"evt_{n}_{run}", created=1_760_000_000 + n) for n in range(3)]
        for n in order:
            assert deliver(collector, body_of(events[n])).status_code == 202
        query = (
            f"select split_part(event_id, '_', 2), created_at from raw_stripe.events"
            f" where event_id like '%{run}' order by created_at"
        )
        found.append(read(dsn, query))
    assert found[0] == [
        (str(n), datetime(2025, 10, 9, 8, 53, 20 + n, tzinfo=UTC)) for n in range(3)
    ]
    assert all(rows == found[0] for rows in found)


def test_a_later_load_has_a_higher_number_and_the_manifest_names_the_table(
    collector: CollectorProcess, dsn: str
) -> None:
    first, second = snapshot(), snapshot()
    for event in (first, second):
        assert deliver(collector, body_of(event)).status_code == 202
    assert kept(dsn, first["id"])["_load_id"] < kept(dsn, second["id"])["_load_id"]
    newest = read(dsn, "select max(load_id) from ops.load_manifest where tables ? 'events'")
    assert newest == [(kept(dsn, second["id"])["_load_id"],)]


# ---------- signatures


def test_every_active_secret_signs_and_so_do_several_at_once(collector: CollectorProcess) -> None:
    body = body_of(snapshot())
    library = WebhookSignature.generate_signature_header(body.decode(), SECRET)
    unknown = "whsec_of-somebody-else"
    for header in (
        library,
        signature(body, OLD_SECRET),
        signature(body, unknown, SECRET),
        signature(body, SECRET, unknown),
        f"{signature(body, SECRET)},v0=0123456789abcdef",
    ):
        assert deliver(collector, body, header).status_code == 202


def test_a_signature_holds_for_five_minutes_either_way(collector: CollectorProcess) -> None:
    body = body_of(snapshot())
    ages = {280: 202, -280: 202, 320: 400, -320: 400, 86_400: 400, -86_400: 400}
    found = {
        age: deliver(collector, body, signature(body, SECRET, at=time.time() - age)).status_code
        for age in ages
    }
    assert found == ages


GOOD = body_of(snapshot(id="evt_never_stored"))
NOW = int(time.time())


def resigned(header: str, **changed: str) -> str:
    parts = dict(part.split("=") for part in header.split(","))
    return ",".join(f"{name}={value}" for name, value in (parts | changed).items())


REFUSED: dict[str, tuple[bytes, Callable[[bytes], str], str]] = {
    "no header": (GOOD, lambda _: "", "not of the form"),
    "a word": (GOOD, lambda _: "signature", "not of the form"),
    "no time": (GOOD, lambda body: signature(body, SECRET).partition(",")[2], "not of the form"),
    "no signature": (GOOD, lambda _: f"t={NOW}", "no signing secret"),
    "an empty signature": (GOOD, lambda _: f"t={NOW},v1=", "no signing secret"),
    "a sign without a value": (GOOD, lambda _: f"t={NOW},v1", "no signing secret"),
    "another scheme": (
        GOOD,
        lambda body: signature(body, SECRET).replace("v1=", "v0="),
        "no signing secret",
    ),
    "another secret": (
        GOOD,
        lambda body: signature(body, "whsec_of-somebody-else"),
        "no signing secret",
    ),
    "an empty secret": (GOOD, lambda body: signature(body, ""), "no signing secret"),
    "a signature in capitals": (
        GOOD,
        lambda body: signature(body, SECRET).upper().replace("T=", "t=").replace("V1", "v1"),
        "no signing secret",
    ),
    "another body": (GOOD, lambda body: signature(body + b" ", SECRET), "no signing secret"),
    "another time": (
        GOOD,
        lambda body: resigned(signature(body, SECRET), t=str(NOW - 1_000)),
        "no signing secret",
    ),
    "a time that is no number": (
        GOOD,
        lambda body: resigned(signature(body, SECRET), t="now"),
        "not of the form",
    ),
    "a time with a sign": (
        GOOD,
        lambda body: resigned(signature(body, SECRET), t=f"+{NOW}"),
        "not of the form",
    ),
    "a time of many digits": (
        GOOD,
        lambda body: resigned(signature(body, SECRET), t="9" * 5_000),
        "not of the form",
    ),
    "two times": (
        GOOD,
        lambda body: f"t={NOW},{signature(body, SECRET, at=1_700_000_000)}",
        "not of the form",
    ),
    "an old time before the signed one": (
        GOOD,
        lambda body: f"t=1,{signature(body, SECRET)}",
        "not of the form",
    ),
    "an expired signature": (GOOD, lambda body: signature(body, SECRET, at=NOW - 3_600), "within"),
    "a future signature": (GOOD, lambda body: signature(body, SECRET, at=NOW + 86_400), "within"),
    "a signature that is not ASCII": (GOOD, lambda _: f"t={NOW},v1=\xfcber", "not of the form"),
    "a name that is not ASCII": (
        GOOD,
        lambda body: f"{signature(body, SECRET)},\xfc=1",
        "not of the form",
    ),
    "a body that is not UTF-8": (
        GOOD.replace(b"customer", b"\xff"),
        lambda body: signature(body, SECRET),
        "is not UTF-8",
    ),
    "an empty body": (b"", lambda body: signature(body, SECRET), "is not JSON"),
    "no JSON": (b"id=evt_1", lambda body: signature(body, SECRET), "is not JSON"),
    "half an event": (GOOD[:-9], lambda body: signature(body, SECRET), "is not JSON"),
    "two events": (GOOD + GOOD, lambda body: signature(body, SECRET), "is not JSON"),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD, lambda b: signature(b, SECRET), "is not JSON"),
    "deep nesting": (b"[" * 5_000, lambda body: signature(body, SECRET), "is not JSON"),
    "a list": (b"[%s]" % GOOD, lambda body: signature(body, SECRET), "the value"),
    "a text": (b'"evt_1"', lambda body: signature(body, SECRET), "the value"),
    "null": (b"null", lambda body: signature(body, SECRET), "the value"),
    "an object of no kind": (b"{}", lambda body: signature(body, SECRET), "required"),
}
WRONG: dict[str, dict[str, Any]] = {
    "an object that is no event": {"object": "customer"},
    "a number for an id": {"id": 1},
    "an empty id": {"id": ""},
    "an endless id": {"id": "e" * 256},
    "no type": {"type": None},
    "a mode that is no mode": {"livemode": "true"},
    "a time as text": {"created": "2025-10-09T08:53:20Z"},
    "a time out of any calendar": {"created": 10**15},
    "a time before the epoch": {"created": -1},
    "half a second": {"created": 0.5},
    "a version that is no text": {"api_version": 20251028},
    "an account that is no text": {"account": {"id": "acct_1"}},
    "no data": {"data": None},
    "data without its object": {"data": {}},
    "data whose object is an id": {"data": {"object": "cus_1"}},
    "an object whose id is a list": {"data": {"object": {"id": ["cus_1"]}}},
    "a thin notification with seconds": {"object": "v2.core.event"},
}
REFUSED |= {
    name: (body_of(snapshot(**changed)), lambda body: signature(body, SECRET), "")
    for name, changed in WRONG.items()
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_event_stripe_signed_now_is_refused_and_nothing_is_stored(
    name: str, collector: CollectorProcess, dsn: str
) -> None:
    body, sign, reason = REFUSED[name]
    before = everything(dsn)
    answer = deliver(collector, body, sign(body))
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert reason in answer.json()["detail"]
    assert "customer.updated" not in answer.text and "whsec" not in answer.text
    assert everything(dsn) == before


def test_a_request_without_the_header_is_refused(collector: CollectorProcess) -> None:
    answer = plain_http.post(f"{collector.url}/webhooks/stripe", json=snapshot())
    assert answer.status_code == 400


def test_the_key_of_another_sender_opens_nothing(collector: CollectorProcess) -> None:
    assert collector.post("/webhooks/stripe", snapshot()).status_code == 400
    answer = collector.post("/webhooks/stripe", b"{}", content_type="text/plain")
    assert answer.status_code == 415


# ---------- running it


def test_metrics_count_events_and_what_was_wrong_with_others(start: Start) -> None:
    collector = start()
    body = body_of(snapshot())
    for header in (None, None, "nonsense", signature(body, SECRET, at=1)):
        deliver(collector, body, header)
    deliver(collector, b"[]")
    text = plain_http.get(f"{collector.url}/metrics").text
    rejected = (
        'coursehouse_collector_records_rejected_total{error_class="%s",topic="stripe.events"}'
    )
    for line in (
        'coursehouse_collector_records_accepted_total{topic="stripe.events"} 2.0',
        f"{rejected % 'signature'} 1.0",
        f"{rejected % 'timestamp'} 1.0",
        f"{rejected % 'contract'} 1.0",
        'coursehouse_collector_requests_total{endpoint="stripe",status="202"} 2.0',
    ):
        assert line in text.splitlines()


def test_the_log_holds_nothing_of_a_payload(collector: CollectorProcess) -> None:
    event = snapshot(id="evt_jane")
    answers = [
        deliver(collector, body_of(event)),
        deliver(collector, body_of(event) + b"jane"),
        deliver(collector, body_of(event), "t=1,v1=jane"),
    ]
    assert [answer.status_code for answer in answers] == [202, 400, 400]
    lines = [collector.log_line(answer) for answer in answers]
    for line, status in zip(lines, (202, 400, 400), strict=True):
        assert f" stripe {status} " in line
    assert "jane" not in collector.log and "whsec" not in collector.log


def test_without_secrets_there_is_no_such_address(start: Start) -> None:
    collector = start()
    collector.stop()
    collector.options = {"COURSEHOUSE_STRIPE_WEBHOOK_SECRETS": ""}
    collector.start()
    assert deliver(collector, body_of(snapshot())).status_code == 404


def test_when_too_much_waits_stripe_is_told_to_come_again(start: Start, dsn: str) -> None:
    collector = start(backlog_bytes="2000000", ack_timeout_seconds="3")
    body = body_of(snapshot(padding="x" * 900_000))
    with psycopg.connect(dsn) as loading:
        loading.execute("select pg_advisory_xact_lock(hashtext(%s))", [PUBLISH_LOCK])
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda _: deliver(collector, body), range(6)))
        assert {answer.status_code for answer in answers} == {503}
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
        details = {answer.json()["detail"] for answer in answers}
        assert "too much is waiting to be stored" in details and len(details) == 2
    deadline = time.monotonic() + 30
    while deliver(collector, body).status_code != 202:
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.parametrize(
    "text", [",", "sk_live_0123456789", "whsec_", f"{SECRET},", "whsec_ünsafe1"]
)
def test_secrets_that_cannot_be_are_refused_without_being_shown(text: str) -> None:
    settings = Settings.model_validate({"stripe_webhook_secrets": text})
    with pytest.raises(UserError, match="COURSEHOUSE_STRIPE_WEBHOOK_SECRETS") as error:
        Verifier.of(settings)
    for shown in (str(error.value), repr(settings)):
        assert SECRET not in shown and "sk_live" not in shown
