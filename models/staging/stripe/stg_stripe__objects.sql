-- One row per object and state the API answered with, of either mode and any account.
-- A plain select: Postgres takes no view with CTEs apart, it would read all payloads to find one.
select
    ---------- ids
    object_type,
    object_id,
    account,
    ---------- what is so
    api_version,
    -- refunds and balance transactions do not say: they were read with the key of this mode
    coalesce(livemode, {{ var('stripe_livemode') }}) as livemode,
    is_deleted,
    payload,
    ---------- timestamps
    fetched_at,
    created_at,
    ---------- bookkeeping
    _load_id,
    _loaded_at
from {{ source('stripe', 'objects') }}
