"""Messages about alerts: written down before they are sent, and marked after that.

A message is one row of `ops.alert_outbox` per alert, kind and receiver, so that looking twice, or
two processes looking at once, write it once. Who sends it holds the row's lock until it is marked.
A process that dies between sending and marking leaves the row as it was, and the message is sent
again: at least once, and each names the alert it is about, by which a receiver can tell.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from ingest.alerts.receivers import Receiver, Tone

# The newest alert of each rule and label set: older ones of it are history by now.
_ALERTS: LiteralString = """
select distinct on (e.rule, e.labels)
    e.alert_event_key, e.rule, e.labels, e.severity, e.state, e.opened_at, e.last_broken_at,
    e.resolved_at, e.opening_value, e.last_value,
    r.description, r.comparator, r.threshold,
    r.cooldown_minutes * interval '1 minute' as cooldown
from ops.alert_event as e
inner join ops.alert_rules as r on e.rule = r.rule
where
    e.state = 'firing'
    or greatest(e.last_broken_at, e.resolved_at)
    > now() - interval '1 day' - r.cooldown_minutes * interval '1 minute'
order by e.rule, e.labels, e.opened_at desc
"""
# No two messages of a rule and label set are closer than the rule's cooldown.
_FIRING: LiteralString = """
insert into ops.alert_outbox
    (alert_event_key, rule, labels, kind, severity, opened_at, receiver, title, body)
select
    %(alert_event_key)s, %(rule)s, %(labels)s, 'firing', %(severity)s, %(opened_at)s, %(receiver)s,
    %(title)s, %(body)s
where
    (%(state)s = 'firing' or %(last_broken_at)s > now() - interval '1 day')
    and not exists (
        select from ops.alert_outbox
        where
            rule = %(rule)s and labels = %(labels)s and receiver = %(receiver)s and kind = 'firing'
            and opened_at > %(opened_at)s - %(cooldown)s
            and opened_at < %(opened_at)s + %(cooldown)s
    )
on conflict (alert_event_key, kind, receiver) do nothing
"""
# An all-clear goes to whoever was told, once it has been calm for the cooldown.
_RESOLVED: LiteralString = """
insert into ops.alert_outbox
    (alert_event_key, rule, labels, kind, severity, opened_at, receiver, title, body)
select
    told.alert_event_key, told.rule, told.labels, 'resolved', told.severity, told.opened_at,
    told.receiver, %(title)s, %(body)s
from (
    select * from ops.alert_outbox
    where
        rule = %(rule)s and labels = %(labels)s and receiver = %(receiver)s and kind = 'firing'
        and opened_at <= %(resolved_at)s
    order by opened_at desc limit 1
) as told
where
    %(state)s = 'resolved' and told.given_up_at is null
    and %(last_broken_at)s + %(cooldown)s <= now()
on conflict (alert_event_key, kind, receiver) do nothing
"""
_DUE: LiteralString = """
select message_id, alert_event_key, rule, labels, kind, severity, receiver, title, body, attempts
from ops.alert_outbox
where
    sent_at is null and given_up_at is null and next_attempt_at <= clock_timestamp()
    and receiver = any(%s)
order by message_id limit %s
for update skip locked
"""
_SENT: LiteralString = """
update ops.alert_outbox
set attempts = attempts + 1, attempted_at = clock_timestamp(), sent_at = clock_timestamp()
where message_id = %s
"""
# After 1, 2, 4 ... and then every 60 minutes, for a day.
_REFUSED: LiteralString = """
update ops.alert_outbox
set
    attempts = attempts + 1,
    attempted_at = clock_timestamp(),
    next_attempt_at = clock_timestamp() + least(power(2, attempts), 60) * interval '1 minute',
    given_up_at = case when attempts >= 30 then clock_timestamp() end
where message_id = %s
"""
_WAITING: LiteralString = """
select count(*) from ops.alert_outbox
where sent_at is null and given_up_at is null and receiver = any(%s)
"""
ALL = 10_000


@dataclass
class Delivery:
    """What was sent, what waits for the next time, and who did not take it."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    waiting: int = 0
    refused: list[str] = field(default_factory=list)


def enqueue(conn: psycopg.Connection, to: Iterable[Receiver]) -> None:
    """Write the messages that the alerts call for and that were not written before."""
    with conn.cursor(row_factory=dict_row) as cursor:
        for alert in cursor.execute(_ALERTS).fetchall():
            firing, resolved = _texts(alert)
            alert["labels"] = Jsonb(alert["labels"])
            for receiver in to:
                row = alert | {"receiver": receiver.id}
                conn.execute(_FIRING, row | firing)
                conn.execute(_RESOLVED, row | resolved)


def deliver(conn: psycopg.Connection, to: Sequence[Receiver]) -> Delivery:
    """Send what is due. `conn` must be in autocommit mode.

    Who does not take a message is asked again next time, and keeps nobody else waiting.
    """
    delivery, open_to = Delivery(), {receiver.id: receiver for receiver in to}
    while open_to:
        with conn.transaction():
            due = _due(conn, list(open_to), 1)
            if not due:
                break
            (message,) = due
            receiver = open_to[message["receiver"]]
            tone: Tone = message["severity"]
            if message["kind"] == "resolved":
                tone = "resolved"
            if receiver.deliver(message["title"], message["body"], tone):
                conn.execute(_SENT, [message["message_id"]])
                delivery.sent.append(_public(message, receiver))
            else:
                conn.execute(_REFUSED, [message["message_id"]])
                delivery.refused.append(receiver.name)
                del open_to[receiver.id]
    row = conn.execute(_WAITING, [[receiver.id for receiver in to]]).fetchone()
    delivery.waiting = row[0] if row else 0
    return delivery


def preview(conn: psycopg.Connection, to: Sequence[Receiver]) -> list[dict[str, Any]]:
    """The messages that would be sent now. Nothing is kept."""
    by_id = {receiver.id: receiver for receiver in to}
    with conn.transaction(force_rollback=True):
        enqueue(conn, to)
        due = _due(conn, list(by_id), ALL)
    return [_public(message, by_id[message["receiver"]]) for message in due]


def _due(conn: psycopg.Connection, ids: list[str], limit: int) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_DUE, [ids, limit]).fetchall()


def _public(message: dict[str, Any], receiver: Receiver) -> dict[str, Any]:
    names = ("rule", "labels", "kind", "severity", "title", "body")
    return {name: message[name] for name in names} | {"receiver": receiver.name}


def _texts(alert: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Title and body of both messages about an alert."""
    about = ", ".join(f"{name} {value}" for name, value in sorted(alert["labels"].items()))
    rule = alert["rule"]
    where = f"docs/alerts.md#{rule}; alert {alert['alert_event_key'][:12]}"
    limit = f"{alert['comparator']} {alert['threshold']:g}"
    firing = [
        f"{alert['description']}{f' ({about})' if about else ''}",
        f"{alert['opening_value']:g} {limit} since {_moment(alert['opened_at'])}",
        where,
    ]
    calm = alert["resolved_at"] or alert["last_broken_at"]
    resolved = [
        f"No longer: {alert['description']}{f' ({about})' if about else ''}",
        f"calm since {_moment(calm)}",
        where,
    ]
    return (
        {"title": f"[{alert['severity']}] {rule}", "body": "\n".join(firing)},
        {"title": f"[resolved] {rule}", "body": "\n".join(resolved)},
    )


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
