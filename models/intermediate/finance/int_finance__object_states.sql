-- One row per state of an object of Stripe that an event or an answer of the API told.
{#- ids people choose themselves (of coupons, products) may exist in both modes, and per account -#}
{%- set object_key = surrogate_key(['livemode', 'account', 'object_type', 'object_id']) %}

-- plain selects, as in staging: a few objects are looked up among all
select
    {{ object_key }} as object_key,
    object_type,
    object_id,
    account,
    livemode,
    api_version,
    event_id,
    event_type,
    created_at as told_at,
    null::timestamptz as fetched_at,
    -- a subscription that ended is still there
    event_type like '%.deleted' and object_type <> 'subscription' as is_deleted,
    _load_id,
    _loaded_at
from {{ ref('stg_stripe__events') }}
-- thin events (without a version) name an object and do not carry it
where api_version is not null and object_id is not null

union all

select
    {{ object_key }} as object_key,
    object_type,
    object_id,
    account,
    livemode,
    api_version,
    null::text as event_id,
    null::text as event_type,
    fetched_at as told_at,
    fetched_at,
    is_deleted,
    _load_id,
    _loaded_at
from {{ ref('stg_stripe__objects') }}
