-- One row per object of Stripe and instant at which a version of it began, with what it was then.
{%- set account = var('stripe_account') %}

with timeline as (

    select * from {{ ref('int_finance__object_timeline') }}
    where
        livemode = {{ var('stripe_livemode') }}
        and account {{ "= '" ~ account ~ "'" if account else 'is null' }}

),

events as (

    select * from {{ ref('stg_stripe__events') }}

),

snapshots as (

    select * from {{ ref('stg_stripe__objects') }}

),

final as (

    select
        timeline.object_type,
        timeline.object_id,
        timeline.account,
        timeline.livemode,
        timeline.version_no,
        timeline.valid_from,
        timeline.valid_to,
        timeline.is_current,
        timeline.is_deleted,
        timeline.event_id,
        timeline.event_type,
        timeline.api_version,
        coalesce(events.payload, snapshots.payload) as payload,
        timeline._load_id,
        timeline._loaded_at
    from timeline
    left join events on timeline.payload_event_id = events.event_id
    left join snapshots
        on
            timeline.object_type = snapshots.object_type
            and timeline.object_id = snapshots.object_id
            and timeline.payload_fetched_at = snapshots.fetched_at

)

select * from final
