-- One row per event of the last two days, learning or shopping, the first of its copies.
{{
    config(
        materialized='incremental',
        event_time='ts',
        unique_key='event_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['event_key'], 'unique': true},
            {'columns': ['ts']},
            {'columns': ['topic', 'ts']},
            {'columns': ['_load_id']},
        ],
        post_hook="{{ forget_expired_windows('ts') }}",
        tags=['near_real_time'],
        meta={'grain': ['event_key'], 'owner': 'data-team'},
    )
}}

with records as (

    select * from {{ ref('int_events__activity_records') }}

),

event_types as (

    select * from {{ ref('event_types') }}

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}

),

site as (

    select * from {{ ref('int_moodle__site') }}

),

arrived as (

    select
        *,
        -- who sends an event again with another time sends another one
        {{ surrogate_key(['topic', 'event_id', 'extract(epoch from occurred_at)']) }} as event_key,
        -- nothing happens after it arrived: a clock slightly ahead must not turn ours forward
        least(occurred_at, _loaded_at) as ts
    from records
    where
        {{ arrived_since_last_build() }}
        and not {{ is_misdated('occurred_at', '_loaded_at') }}

),

-- the clock of the streams is the newest event, not the wall's: a build without arrivals changes
-- nothing, and increments give what a full refresh gives
clock as (

    select max(ts) as ts
    from (
        select max(ts) as ts from arrived
        {% if is_incremental() %}
            union all
            select max(ts) as ts from {{ this }}
        {% endif %}
    ) as seen

),

first_copies as (

    select distinct on (arrived.event_key) arrived.*
    from arrived
    cross join clock
    where arrived.ts >= {{ first_kept_window('clock.ts') }}
    order by
        arrived.event_key,
        arrived._load_id,
        arrived.lane,
        arrived.source_partition,
        arrived.source_offset

),

final as (

    select
        ---------- ids
        copies.event_key,
        copies.topic,
        case
            -- guests share one account of Moodle
            when copies.person_system <> 'moodle' or copies.person_id <> site.guest_user_id::text
                then {{ event_student_hash('pseudonyms', 'copies') }}
        end as person_hash,

        ---------- what happened
        copies.event_name,
        copies.total_amount::numeric(18, 4) as total_amount,
        copies.currency,

        ---------- classification
        copies.is_shopping,
        copies.is_error,
        coalesce(event_types.action = 'viewed', false) as is_view,
        -- as in the fact of events: shopping is no study
        not copies.is_shopping
        and not copies.is_error
        and coalesce(event_types.is_engagement, true) as is_engagement,

        ---------- timestamps
        copies.ts,

        ---------- bookkeeping
        copies._load_id,
        copies._loaded_at
    from first_copies as copies
    cross join site
    left join pseudonyms
        on
            copies.person_system = pseudonyms.source_system
            and copies.person_id = pseudonyms.source_user_id
    left join event_types
        on copies.topic = event_types.topic and copies.event_name = event_types.event_type
    {% if is_incremental() %}
        where not exists (
            select 1 from {{ this }} as known
            where known.event_key = copies.event_key
        )
    {% endif %}

)

select * from final
