"""Events of the API that Postgres cannot store: Stripe keeps them for a month only."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import psycopg

from ingest.events.contracts import Rejection, contract_of
from ingest.stripe.events import TOPIC

# A listing repeats what it told before. The hash of the id takes the place of an offset.
_ADD = """
insert into raw_events.dead_letter (
    topic, lane, source_partition, source_offset, payload, produced_at,
    error_class, reason, contract_version, _load_id, _loaded_at
)
select
    %(topic)s, 'api', 0, hashtextextended(%(event_id)s, 0), %(payload)s, %(produced_at)s,
    %(error_class)s, %(reason)s, %(contract_version)s, %(load_id)s, now()
where not exists (
    select from raw_events.dead_letter
    where
        topic = %(topic)s and lane = 'api'
        and source_offset = hashtextextended(%(event_id)s, 0)
)
"""


def add_letters(
    conn: psycopg.Connection,
    events: Iterable[tuple[dict[str, Any], datetime, Rejection]],
    load_id: int,
) -> int:
    """Keep events, each with when it was asked for and why it is refused, once each.

    In the caller's transaction. Returns how many were not kept before.
    """
    version = contract_of(TOPIC).version
    return sum(
        conn.execute(
            _ADD,
            {
                "topic": TOPIC,
                "event_id": event["id"],
                "payload": json.dumps(event).encode(),
                "produced_at": asked_at,
                "error_class": why.error_class,
                "reason": why.reason,
                "contract_version": version,
                "load_id": load_id,
            },
        ).rowcount
        for event, asked_at, why in events
    )
