"""Events of Stripe become rows of `raw_stripe.events`."""

from collections.abc import Sequence
from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

TOPIC = "stripe.events"

# What the contract of the topic promises can be cast. The first delivery of an event stays: a
# later one brings the same bytes.
INSERT = """
insert into raw_stripe.events (
    event_id, type, api_version, account, livemode, created_at, object_type, object_id,
    payload, body, lane, _load_id, _loaded_at
)
select
    event ->> 'id',
    event ->> 'type',
    event ->> 'api_version',
    coalesce(event ->> 'account', event ->> 'context'),
    (event ->> 'livemode')::boolean,
    case event ->> 'object'
        when 'event' then to_timestamp((event ->> 'created')::double precision)
        else (event ->> 'created')::timestamptz
    end,
    coalesce(event #>> '{data,object,object}', event #>> '{related_object,type}'),
    coalesce(event #>> '{data,object,id}', event #>> '{related_object,id}'),
    event,
    body,
    %(lane)s,
    %(load_id)s,
    %(loaded_at)s
from unnest(%(events)b::jsonb[], %(bodies)b::bytea[]) as delivered (event, body)
on conflict (event_id) do nothing
"""


def append(
    conn: psycopg.Connection,
    lane: str,
    events: Sequence[bytes],
    load_id: int,
    loaded_at: datetime,
) -> int:
    """Add events, bodies as Stripe sent them that keep the contract, in the caller's transaction.

    Those of the lane 'api' were not signed. Returns how many were new. Draw the load id before:
    those that bring the same events wait for it. Raises `psycopg.DataError` where Postgres cannot
    store what the contract let through.
    """
    parameters = {
        "lane": lane,
        "load_id": load_id,
        "loaded_at": loaded_at,
        "events": [jsonb(event) for event in events],
        "bodies": [None if lane == "api" else event for event in events],
    }
    return conn.execute(INSERT, parameters).rowcount


def jsonb(event: bytes) -> Jsonb:
    """A parameter that is stored as it came, not parsed and written again."""
    return Jsonb(event, dumps=_as_is)


def _as_is(event: bytes) -> bytes:
    return event
