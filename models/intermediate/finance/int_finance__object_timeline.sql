-- One row per object of Stripe and instant at which a version of it began.
{{
    config(
        materialized='incremental',
        unique_key='object_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['object_key', 'version_no'], 'unique': true},
            {'columns': ['object_type', 'object_id']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['object_key', 'valid_from'], 'owner': 'data-team'},
    )
}}

with states as not materialized (

    select * from {{ ref('int_finance__object_states') }}

),

{% if is_incremental() %}
    touched as (

        select
            object_type,
            object_id
        from states
        where {{ arrived_since_last_build() }}
        group by object_type, object_id

    ),
{% endif %}

-- all that is known of touched objects: their order is not that of arrival, so whatever arrives may
-- belong before what is there
counted as (

    select
        *,
        count(*) over (partition by object_key, told_at) as states_at_once
    from states
    {% if is_incremental() %}
        where
            object_type = any(array(select touched.object_type from touched))
            and object_id = any(array(select touched.object_id from touched))
    {% endif %}

),

events as (

    select * from {{ ref('stg_stripe__events') }}

),

tied as (

    select
        counted.object_key,
        counted.told_at,
        counted.event_id,
        counted.event_type,
        events.payload,
        events.previous_attributes
    from counted
    inner join events on counted.event_id = events.event_id
    where counted.states_at_once > 1

),

places as (

    {{ order_within_second('tied') }}

),

ranked as (

    select
        counted.*,
        row_number() over (
            partition by counted.object_key, counted.told_at
            -- the API was asked after the events of that instant
            order by counted.event_id is null desc, places.place desc
        ) as place_from_last,
        -- all versions of an object arrive anew with whatever arrives of it
        max(counted._load_id) over (partition by counted.object_key) as object_load_id
    from counted
    left join places on counted.event_id = places.event_id

),

final as (

    select
        ---------- ids
        object_key,
        object_type,
        object_id,
        account,
        livemode,
        (row_number() over history)::integer as version_no,

        ---------- when it was so
        told_at as valid_from,
        coalesce(
            lead(told_at) over history, timestamptz '9999-12-31 00:00:00+00'
        ) as valid_to,
        lead(told_at) over history is null as is_current,
        is_deleted,

        ---------- who says so
        event_id,
        event_type,
        api_version,
        -- of what is gone the API has nothing to tell: it keeps its last values
        case when is_deleted and event_id is null then lag(event_id) over history else event_id end
            as payload_event_id,
        case
            when is_deleted and event_id is null then lag(fetched_at) over history else fetched_at
        end as payload_fetched_at,

        ---------- bookkeeping
        object_load_id as _load_id,
        _loaded_at
    from ranked
    where place_from_last = 1
    window history as (partition by object_key order by told_at)

)

select * from final
