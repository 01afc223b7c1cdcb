-- One row per event of Stripe, of either mode and any account.
-- A plain select: Postgres takes no view with CTEs apart, it would read all payloads to find one.
select
    ---------- ids
    event_id,
    object_type,
    object_id,
    account,
    ---------- what happened
    type as event_type,
    api_version,
    livemode,
    payload -> 'data' -> 'object' as payload,
    payload -> 'data' -> 'previous_attributes' as previous_attributes,
    ---------- timestamps
    created_at,
    ---------- bookkeeping
    lane,
    _load_id,
    _loaded_at
from {{ source('stripe', 'events') }}
