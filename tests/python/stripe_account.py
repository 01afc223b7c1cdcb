"""A simulated Stripe account in the raw tables, without a receiver or an API in between."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
import psycopg

from ingest.simulate.money.plan import AccountPlan
from ingest.simulate.money.play import Played, play
from ingest.warehouse.bootstrap import bootstrap
from ingest.warehouse.manifest import next_load_id, record_load
from ingest.warehouse.merge import Counts

ADD_EVENTS = """
insert into raw_stripe.events (
    event_id, type, api_version, account, livemode, created_at,
    object_type, object_id, payload, body, lane, _load_id, _loaded_at
)
select
    payload ->> 'id', payload ->> 'type', payload ->> 'api_version', payload ->> 'account',
    (payload ->> 'livemode')::boolean, to_timestamp((payload ->> 'created')::bigint),
    payload #>> '{data,object,object}', payload #>> '{data,object,id}',
    payload, convert_to(payload::text, 'UTF8'), 'http', %(load_id)s, %(at)s
from unnest(%(payloads)s::jsonb []) as delivered (payload)
on conflict (event_id) do nothing
"""
ADD_OBJECTS = """
insert into raw_stripe.objects (
    object_type, object_id, fetched_at, api_version, livemode, created_at,
    payload, _load_id, _loaded_at
)
select
    payload ->> 'object', payload ->> 'id', %(fetched_at)s, %(api_version)s,
    coalesce((payload ->> 'livemode')::boolean, true),
    to_timestamp((payload ->> 'created')::bigint), payload, %(load_id)s, %(at)s
from unnest(%(payloads)s::jsonb []) as answered (payload)
on conflict do nothing
"""
ADD_PAYOUTS = """
insert into raw_stripe.payout_transactions (
    payout_id, balance_transaction_id, livemode, fetched_at, _load_id, _loaded_at
)
select payout_id, transaction_id, true, %(fetched_at)s, %(load_id)s, %(at)s
from unnest(%(payouts)s::text [], %(transactions)s::text [])
    as paid_out (payout_id, transaction_id)
on conflict do nothing
"""


@cache
def small_account(seed: int = 1) -> Played:
    """The account of the demo, played once for the whole run. Change nothing in it."""
    return play(AccountPlan(seed=seed))


def fill(
    conn: psycopg.Connection,
    account: Played,
    *,
    events: Sequence[dict[str, Any]] | None = None,
    objects: Iterable[str] | None = None,
    loads: int = 1,
) -> None:
    """Store events and what the API would list, as webhooks and `load stripe` would.

    `events`: those of the account in any order, any number of times; all once by default, none
    with []. `objects`: types to store as the API lists them at the end; all by default. `loads`:
    into so many loads the events are split, in the order given; the objects are one more. May be
    called again: what is there stays.
    """
    bootstrap(conn)
    conn.commit()
    delivered = account.events if events is None else events
    for number in range(loads):
        part = delivered[len(delivered) * number // loads : len(delivered) * (number + 1) // loads]
        _load(conn, [(ADD_EVENTS, {"payloads": [_text(event) for event in part]})])
    listed = account.objects()
    chosen = listed["objects"].keys() if objects is None else objects
    states = [state for type_ in chosen for state in listed["objects"].get(type_, ())]
    if not states:
        return
    fetched_at = datetime.fromtimestamp(listed["fetched_at"], UTC)
    answers = {
        "payloads": [_text(state) for state in states],
        "fetched_at": fetched_at,
        "api_version": listed["api_version"],
    }
    writes = [(ADD_OBJECTS, answers)]
    if "payout" in chosen and _exists(conn, "raw_stripe.payout_transactions"):
        pairs = [(po, txn) for po, txns in listed["payout_transactions"].items() for txn in txns]
        paid_out = {
            "payouts": [po for po, _ in pairs],
            "transactions": [txn for _, txn in pairs],
            "fetched_at": fetched_at,
        }
        writes.append((ADD_PAYOUTS, paid_out))
    _load(conn, writes)


def _load(conn: psycopg.Connection, writes: list[tuple[str, dict[str, Any]]]) -> None:
    at = datetime.now(UTC)
    with conn.transaction():
        load_id = next_load_id(conn)
        added = 0
        for query, parameters in writes:
            query_parameters = {**parameters, "load_id": load_id, "at": at}
            added += conn.execute(query.encode(), query_parameters).rowcount
        record_load(conn, load_id, "stripe", Counts(inserted=added), at, {})


def _exists(conn: psycopg.Connection, table: str) -> bool:
    return conn.execute("select to_regclass(%s)", [table]).fetchone() != (None,)


def _text(value: dict[str, Any]) -> str:
    return orjson.dumps(value).decode()
