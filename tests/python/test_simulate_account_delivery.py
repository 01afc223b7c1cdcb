"""How a simulated Stripe account gets out: to a real collector, into files, into a warehouse."""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from collector_process import CollectorProcess, environment_of
from stripe_account import fill, small_account

from ingest.errors import UserError
from ingest.settings import PROJECT_DIR
from ingest.simulate.money.deliver import deliveries, to_endpoint, to_folder
from ingest.simulate.money.store import store_account
from ingest.simulate.money.truth import account_truth
from ingest.warehouse.bootstrap import bootstrap

SECRET, OLD_SECRET = "whsec_the_new_one", "whsec_the_old_one"
ACCOUNT = small_account()
EVENTS = "select event_id, payload from raw_stripe.events order by event_id"
OBJECTS = "select object_type, object_id, payload from raw_stripe.objects order by 1, 2"


@pytest.fixture
def warehouse(database: Callable[[], str]) -> str:
    """The address of a warehouse with nothing in it."""
    dsn = database()
    with psycopg.connect(dsn) as conn:
        bootstrap(conn)
    return dsn


@pytest.fixture
def collector(
    warehouse: str, free_port: Callable[[], int], tmp_path: Path
) -> Iterator[CollectorProcess]:
    secrets = {"COURSEHOUSE_STRIPE_WEBHOOK_SECRETS": f"{SECRET},{OLD_SECRET}"}
    environment = environment_of(warehouse, tmp_path) | secrets
    running = CollectorProcess(free_port(), tmp_path, environment)
    yield running.start()
    running.stop()


def test_a_collector_keeps_every_webhook_byte_for_byte(
    collector: CollectorProcess, warehouse: str
) -> None:
    bodies = deliveries(ACCOUNT)[:400]
    assert to_endpoint([*bodies, *bodies[:50]], collector.url, SECRET) == 450
    with psycopg.connect(warehouse) as conn:
        kept = conn.execute("select body from raw_stripe.events").fetchall()
    assert sorted(bytes(body) for (body,) in kept) == sorted(bodies)


def test_what_a_collector_refuses_is_an_error_of_one_line(collector: CollectorProcess) -> None:
    with pytest.raises(UserError, match="answered 400"):
        to_endpoint(deliveries(ACCOUNT)[:1], collector.url, "whsec_of_somebody_else")


def test_a_folder_gets_events_objects_and_truth(tmp_path: Path) -> None:
    folder = tmp_path / "account"
    assert to_folder(ACCOUNT, folder) == len(ACCOUNT.events)
    lines = (folder / "events.jsonl").read_bytes().splitlines()
    assert [orjson.loads(line) for line in lines] == ACCOUNT.events
    assert orjson.loads((folder / "objects.json").read_bytes()) == ACCOUNT.objects()
    written = orjson.loads((folder / "truth.json").read_bytes())
    assert written == orjson.loads(orjson.dumps(account_truth(ACCOUNT)))
    with pytest.raises(UserError, match="empty folder"):
        to_folder(ACCOUNT, folder)


def test_the_order_and_repetition_of_webhooks_leave_no_trace(database: Callable[[], str]) -> None:
    events = ACCOUNT.events[:500]
    mixed = [*events, *events[:100]]
    random.Random(3).shuffle(mixed)  # noqa: S311
    with psycopg.connect(database()) as straight, psycopg.connect(database()) as crooked:
        fill(straight, ACCOUNT, events=events)
        fill(crooked, ACCOUNT, events=mixed, loads=7)
        for query in (EVENTS, OBJECTS):
            assert _rows(crooked, query) == _rows(straight, query)
        loads = "select count(distinct _load_id) from raw_stripe.events"
        assert _rows(crooked, loads) == [(7,)]


def test_an_account_is_stored_once_as_receiver_and_loader_would(warehouse: str) -> None:
    with psycopg.connect(warehouse, autocommit=True) as conn:
        first = store_account(conn, ACCOUNT)
        assert first.total > 5_000
        assert store_account(conn, ACCOUNT).total == 0
        assert _rows(conn, EVENTS) == sorted((e["id"], e) for e in ACCOUNT.events)
        stored = {(type_, id_): payload for type_, id_, payload in _rows(conn, OBJECTS)}
        paid_out = _rows(
            conn, "select payout_id, count(*) from raw_stripe.payout_transactions group by 1"
        )
    listed = ACCOUNT.objects()
    assert set(listed["objects"]) - {type_ for type_, _ in stored} == {"invoiceitem", "tax_rate"}
    assert all(
        stored[state["object"], state["id"]] == state
        for type_, states in listed["objects"].items()
        for state in states
        if type_ not in ("invoiceitem", "tax_rate")
    )
    expected = {payout: len(ids) for payout, ids in listed["payout_transactions"].items()}
    assert dict(paid_out) == expected


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["stripe", "--to", "http://127.0.0.1:1"], "COURSEHOUSE_STRIPE_WEBHOOK_SECRETS"),
        (["stripe", "--to", "/proc/nowhere"], "cannot write"),
        (["stripe", "--to", "x", "--duplicate-share", "2"], "between 0 and 1"),
        (["stripe", "--to", "x", "--customers", "0"], "0 customers"),
        ([], "--to kafka, files or track"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line(options: list[str], says: str) -> None:
    done = _command(*options)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("coursehouse: ")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_command_writes_an_account(tmp_path: Path) -> None:
    done = _command("stripe", "--to", str(tmp_path / "new"), "--seed", "3", "--shuffle")
    assert done.returncode == 0, done.stderr
    assert "webhooks of a Stripe account with 66 customers" in done.stdout
    assert (tmp_path / "new" / "truth.json").exists()


def _command(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ingest.cli", "simulate", *options],
        cwd=PROJECT_DIR,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )


def _rows(conn: psycopg.Connection, query: str) -> list[Any]:
    return conn.execute(query.encode()).fetchall()
