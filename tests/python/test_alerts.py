"""Alerts: the same samples give the same alerts, and each is told once, whatever goes wrong."""

import hashlib
import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apprise
import psycopg
import pytest
from alert_receiver import BOT, Inbox, receiving
from children import Trap, run_killed
from psycopg.types.json import Jsonb
from row_comparison import compare, set_aside
from warehouse_fixtures import Warehouse

from ingest.alerts.outbox import Delivery, deliver, enqueue, preview
from ingest.alerts.receivers import Receiver, receivers
from ingest.errors import UserError
from ingest.postgres import connect
from ingest.settings import Settings

NO_TESTS = ("--resource-type", "model", "--resource-type", "seed")
EVALUATE = ("build", "--select", "tag:alert", *NO_TESTS)
NOW = datetime.now(UTC).replace(microsecond=0)
TABLES = ("ops.metric_sample", "ops.alert_event", "ops.alert_outbox", "ops.build_result")


@pytest.fixture
def mart(ops_warehouse: Warehouse) -> Warehouse:
    return ops_warehouse


@pytest.fixture
def conn(mart: Warehouse) -> Iterator[psycopg.Connection]:
    """A connection; nothing was sampled, raised or sent before."""
    with mart.connect() as connection:
        for table in TABLES:
            connection.execute(f"truncate {table}")
        yield connection


@pytest.fixture
def inbox(free_port: Callable[[], int]) -> Iterator[Inbox]:
    with receiving(free_port()) as taken:
        yield taken


def test_increments_of_samples_in_any_order_raise_the_alerts_of_a_full_refresh(
    mart: Warehouse, conn: psycopg.Connection
) -> None:
    """Law 2: four batches, two days between them, shuffled, with copies and 90 days late."""
    dice = random.Random(6)  # noqa: S311
    samples = [_random_sample(dice) for _ in range(600)]
    batches = [samples[start::4] for start in range(4)]
    for number, batch in enumerate(batches):
        written_at = NOW - timedelta(days=9 - 2 * number)
        copies = dice.sample(batches[number - 1], 20) if number else []
        for metric, labels, value, days_ago in batch + copies:
            # what is sampled after it was written would be a clock that is wrong
            at = written_at - timedelta(days=days_ago)
            _sample(conn, metric, labels, value, at, written_at)
        mart.run(*EVALUATE)
        conn.execute(
            "update ops.build_result set started_at = %s"
            " where unique_id like '%%.alert_event' and started_at > %s",
            [written_at + timedelta(minutes=1), NOW - timedelta(days=1)],
        )
    # what was firing then has left its windows
    events = [("ops", "alert_event")]
    conn.execute("drop schema if exists incremental cascade")
    set_aside(conn, events, "incremental")
    mart.run("run", "--select", "alert_event", "--full-refresh")
    rows, differing = compare(conn, "incremental", "ops", "alert_event")
    assert rows > 50
    assert differing == 0
    states = {state for (state,) in conn.execute("select distinct state from ops.alert_event")}
    assert states >= {"resolved", "continued"}


def test_evaluating_twice_raises_the_same_alerts(mart: Warehouse, conn: psycopg.Connection) -> None:
    """By a rule that looks a day back: its alert lasts longer than any run of the tests."""
    for value in (0, 1, 2):
        at = datetime.now(UTC)
        _sample(conn, "coursehouse_missing_partitions", {"topic": "quiz"}, value, at)
    mart.run(*EVALUATE)
    first = conn.execute("select * from ops.alert_event").fetchall()
    mart.run(*EVALUATE)
    assert conn.execute("select * from ops.alert_event").fetchall() == first
    assert conn.execute("select rule, opening_value, state from ops.alert_event").fetchall() == [
        ("missing_partitions", 1, "firing")
    ]


def test_telegram_and_a_webhook_each_get_one_message_per_alert(
    mart: Warehouse, conn: psycopg.Connection, inbox: Inbox
) -> None:
    key = _alert(conn, "topic_disk", {"volume": "disk"})
    to = _receivers(mart, inbox, inbox.telegram, inbox.webhook())
    assert len(_tell(conn, to).sent) == 2
    assert _tell(conn, to).sent == []
    (telegram,) = inbox.texts(f"/bot{BOT}/sendMessage")
    (webhook,) = inbox.texts("/hook")
    for text in (telegram, webhook):
        assert "[error] topic_disk" in text
        assert "80 percent full (volume disk)" in text
        assert f"alert {key[:12]}" in text


def test_a_lasting_alert_is_told_again_only_after_its_cooldown(
    mart: Warehouse, conn: psycopg.Connection, inbox: Inbox
) -> None:
    """Its windows begin by the clock, so that two may be broken within minutes."""
    to = _receivers(mart, inbox, inbox.webhook())
    for minutes_ago, messages in ((300, 1), (295, 1), (61, 1), (59, 2)):
        _alert(conn, "topic_disk", opened_at=NOW - timedelta(minutes=minutes_ago))
        _tell(conn, to)
        assert len(inbox.texts("/hook")) == messages
    _alert(conn, "topic_disk", {"volume": "another"})
    _tell(conn, to)
    assert len(inbox.texts("/hook")) == 3


def test_an_all_clear_comes_when_it_was_calm_for_the_cooldown(
    mart: Warehouse, conn: psycopg.Connection, inbox: Inbox
) -> None:
    to = _receivers(mart, inbox, inbox.webhook())
    key = _alert(conn, "consumer_lag", {"topic": "quiz"}, opened_at=NOW - timedelta(hours=2))
    _tell(conn, to)
    calm = (
        "update ops.alert_event set state = 'resolved', last_broken_at = %s, resolved_at = %s"
        " where alert_event_key = %s"
    )
    for minutes_ago, titles in ((1, 1), (31, 2), (31, 2)):
        at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
        conn.execute(calm, [at, at, key])
        _tell(conn, to)
        assert len(inbox.texts("/hook")) == titles
    assert inbox.texts("/hook")[1].startswith("[resolved] consumer_lag")


def test_what_was_over_before_anybody_looked_is_not_told(
    mart: Warehouse, conn: psycopg.Connection, inbox: Inbox
) -> None:
    long_ago = NOW - timedelta(days=3)
    _alert(conn, "topic_disk", opened_at=long_ago, resolved_at=long_ago, state="resolved")
    assert _tell(conn, _receivers(mart, inbox, inbox.webhook())).sent == []


def test_a_sender_killed_after_sending_sends_again_and_names_the_same_alert(
    mart: Warehouse, conn: psycopg.Connection, inbox: Inbox
) -> None:
    """At least once: nobody can know whether the first one was read."""
    key = _alert(conn, "topic_disk")
    settings = _settings(mart, inbox, inbox.webhook())
    run_killed(Trap(apprise.Apprise, "notify"), _tell_by, settings)
    assert len(inbox.texts("/hook")) == 1
    assert conn.execute("select sent_at from ops.alert_outbox").fetchall() == [(None,)]
    _tell_by(settings)
    _tell_by(settings)
    first, second = inbox.texts("/hook")
    assert first == second
    assert f"alert {key[:12]}" in first


def test_two_senders_at_once_send_every_message_once(
    mart: Warehouse, conn: psycopg.Connection, inbox: Inbox
) -> None:
    for number in range(12):
        _alert(conn, "topic_disk", {"volume": f"disk {number}"})
    inbox.delay_seconds = 0.05
    settings = _settings(mart, inbox, inbox.webhook())
    senders = [threading.Thread(target=_tell_by, args=[settings]) for _ in range(3)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    texts = inbox.texts("/hook")
    assert len(texts) == len(set(texts)) == 12


def test_who_does_not_answer_keeps_nobody_waiting_and_is_asked_again(
    mart: Warehouse, conn: psycopg.Connection, inbox: Inbox
) -> None:
    for volume in ("a", "b"):
        _alert(conn, "topic_disk", {"volume": volume})
    inbox.down = ("/broken",)
    to = _receivers(mart, inbox, inbox.webhook("broken"), inbox.webhook("well"))
    first = _tell(conn, to)
    assert first.refused == ["receiver 1 (JSON)"]  # once, whatever else there is for it
    assert (inbox.attempts, len(inbox.texts("/well")), first.waiting) == (3, 2, 2)
    inbox.down = ()
    second = _tell(conn, to)
    assert (len(second.sent), second.waiting) == (1, 1), "the one that was refused waits a minute"
    conn.execute("update ops.alert_outbox set next_attempt_at = now()")
    assert _tell(conn, to).waiting == 0
    assert len(inbox.texts("/broken")) == len(inbox.texts("/well")) == 2


def test_pauses_double_up_to_an_hour_and_end_after_a_day(
    mart: Warehouse, conn: psycopg.Connection, inbox: Inbox
) -> None:
    _alert(conn, "topic_disk")
    inbox.down = ("/hook",)
    to = _receivers(mart, inbox, inbox.webhook())
    pauses: list[Any] = []
    for _ in range(31):
        _tell(conn, to)
        pauses += conn.execute(
            "select round(extract(epoch from next_attempt_at - attempted_at) / 60)::int,"
            " given_up_at is not null from ops.alert_outbox"
        ).fetchall()
        conn.execute("update ops.alert_outbox set next_attempt_at = now()")
    assert [minutes for minutes, _ in pauses[:8]] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert [is_over for _, is_over in pauses] == [False] * 30 + [True]
    assert (_tell(conn, to).waiting, inbox.attempts) == (0, 31)


def test_a_dry_run_shows_the_messages_and_keeps_nothing(
    mart: Warehouse, conn: psycopg.Connection, inbox: Inbox
) -> None:
    _alert(conn, "topic_disk")
    to = _receivers(mart, inbox, inbox.webhook())
    (message,) = preview(conn, to)
    assert (message["rule"], message["receiver"]) == ("topic_disk", "receiver 1 (JSON)")
    assert conn.execute("select count(*) from ops.alert_outbox").fetchone() == (0,)
    assert len(_tell(conn, to).sent) == 1


def test_without_addresses_messages_are_printed(mart: Warehouse, conn: psycopg.Connection) -> None:
    _alert(conn, "topic_disk")
    said: list[str] = []
    _tell(conn, receivers(mart.settings(), said.append))
    assert [text.splitlines()[0] for text in said] == ["[error] topic_disk"]


def test_an_address_apprise_does_not_know_is_refused_without_showing_it(mart: Warehouse) -> None:
    settings = _settings(mart, Inbox("http://127.0.0.1:1"), "json://ok", "telegram://very-secret")
    with pytest.raises(UserError, match="address 2") as caught:
        receivers(settings, print)
    assert "very-secret" not in str(caught.value)


def test_the_command_evaluates_sends_once_and_never_prints_an_address(
    mart: Warehouse, conn: psycopg.Connection, inbox: Inbox, tmp_path: Path
) -> None:
    _sample(conn, "coursehouse_topic_disk_ratio", {"volume": "disk"}, 0.93, datetime.now(UTC))
    inbox.down = ("/broken",)
    mart.leave_parsed(tmp_path / "alerts")
    environment = {
        **os.environ,
        **mart.environment(),
        "COURSEHOUSE_HOME": str(tmp_path),
        "COURSEHOUSE_ALERT_URLS": f"{inbox.telegram}\n{inbox.webhook('broken')}",
        "COURSEHOUSE_ALERT_TELEGRAM_API": inbox.url,
    }

    def run(*options: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "ingest.cli", "alert", "--json", *options],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    shown = run("--dry-run")
    assert shown.returncode == 0, shown.stderr
    rules = [message["rule"] for message in json.loads(shown.stdout)["messages"]]
    assert rules == ["topic_disk", "topic_disk"]
    assert inbox.attempts == 0
    first = run()
    conn.execute("update ops.alert_outbox set next_attempt_at = now() + interval '1 hour'")
    second = run()
    assert first.returncode == 1
    assert "receiver 2 (JSON) did not take a message: 1 wait" in first.stderr
    assert [message["rule"] for message in json.loads(first.stdout)["messages"]] == ["topic_disk"]
    assert (second.returncode, json.loads(second.stdout)["messages"]) == (0, []), second.stderr
    assert len(inbox.texts("/bot")) == 1
    printed = "".join(done.stdout + done.stderr for done in (shown, first, second))
    assert BOT not in printed
    assert "hunter2" not in printed
    assert "127.0.0.1" not in printed
    # what it found of the warehouse itself was kept as samples, and an evaluation is no build
    sampled = {name for (name,) in conn.execute("select distinct metric from ops.metric_sample")}
    assert {"coursehouse_source_age_seconds", "coursehouse_test_failures"} <= sampled
    assert conn.execute(
        "select count(*) from ops.build_run where command = 'alert'"
    ).fetchone() != (0,)


def _random_sample(dice: random.Random) -> tuple[str, dict[str, str], float, float]:
    """Metric, labels, value, and how many days ago it was taken; nothing is ever alone for long."""
    days_ago = dice.choice([dice.random() * 2, 2 + dice.random() * 0.2, 90 + dice.random() * 0.2])
    topic = {"topic": dice.choice(["quiz", "video"])}
    return dice.choice(
        [
            ("coursehouse_kafka_consumer_lag_records", topic, dice.randint(0, 20_000), days_ago),
            ("coursehouse_failed_batches", {"source": "fx"}, dice.choice([0, 0, 1]), days_ago),
            ("coursehouse_dead_letter_ratio", topic, dice.choice([0.001, 0.5]), days_ago),
            ("coursehouse_availability_ratio", {"component": "pipeline"}, dice.random(), days_ago),
        ]
    )


def _sample(
    conn: psycopg.Connection,
    metric: str,
    labels: dict[str, str],
    value: float,
    sampled_at: datetime,
    written_at: datetime = NOW,
) -> None:
    conn.execute(
        "insert into ops.metric_sample (metric, labels, value, sampled_at, written_at)"
        " values (%s, %s, %s, %s, %s)",
        [metric, Jsonb(labels), value, sampled_at, written_at],
    )


def _alert(
    conn: psycopg.Connection,
    rule: str,
    labels: dict[str, str] | None = None,
    opened_at: datetime = NOW - timedelta(minutes=5),
    resolved_at: datetime | None = None,
    state: str = "firing",
) -> str:
    """An alert as the model writes it; gives its key. One per instant it was opened at."""
    key = hashlib.sha256(f"{rule}{labels}{opened_at}".encode()).hexdigest()
    conn.execute(
        "insert into ops.alert_event (alert_event_key, rule, labels, window_start, metric,"
        " severity, opened_at, last_broken_at, resolved_at, state, breaches_count, opening_value,"
        " last_value) select %s, rule, %s, %s, metric, severity, %s, %s, %s, %s, 1, 1, 1"
        " from ops.alert_rules where rule = %s",
        [key, Jsonb(labels or {}), opened_at, opened_at, opened_at, resolved_at, state, rule],
    )
    return key


def _settings(mart: Warehouse, inbox: Inbox, *urls: str) -> Settings:
    changed: dict[str, Any] = {"alert_urls": " ".join(urls), "alert_telegram_api": inbox.url}
    return Settings.model_validate({**mart.settings().model_dump(exclude_unset=True), **changed})


def _receivers(mart: Warehouse, inbox: Inbox, *urls: str) -> list[Receiver]:
    return receivers(_settings(mart, inbox, *urls), print)


def _tell(conn: psycopg.Connection, to: list[Receiver]) -> Delivery:
    enqueue(conn, to)
    return deliver(conn, to)


def _tell_by(settings: Settings) -> None:
    """The same over a connection of its own."""
    with connect(settings) as own:
        own.autocommit = True
        _tell(own, receivers(settings, print))
