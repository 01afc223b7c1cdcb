-- One row per object of Stripe: what its events tell of it beside what the API answers.
{{
    config(
        materialized='incremental',
        unique_key='object_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['object_key'], 'unique': true},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['object_key'], 'owner': 'data-team'},
    )
}}

with timeline as not materialized (

    select * from {{ ref('int_finance__object_timeline') }}
    -- no event tells of them
    where object_type <> 'balance_transaction'

),

{% if is_incremental() %}
    touched as (

        select object_key from timeline
        where {{ arrived_since_last_build() }}
        group by object_key

    ),
{% endif %}

versions as (

    select
        *,
        max(case when event_id is null then version_no end) over (partition by object_key)
            as answered_no
    from timeline
    {% if is_incremental() %}
        where object_key in (select touched.object_key from touched)
    {% endif %}

),

objects as (

    select
        object_key,
        object_type,
        object_id,
        account,
        livemode,
        answered_no,
        -- an event after the answer does not make it wrong
        max(version_no) filter (
            where event_id is not null and version_no < coalesce(answered_no, version_no + 1)
        ) as told_no,
        min(valid_from) filter (where event_id is not null) as first_told_at,
        count(*) filter (where event_id is null) as answers_count,
        max(_load_id) as _load_id,
        max(_loaded_at) as _loaded_at
    from versions
    group by object_key, object_type, object_id, account, livemode, answered_no

),

events as (

    select * from {{ ref('stg_stripe__events') }}

),

snapshots as (

    select * from {{ ref('stg_stripe__objects') }}

),

pairs as (

    select
        objects.*,
        told.event_id,
        told.valid_from as told_at,
        answered.valid_from as answered_at,
        snapshots.created_at,
        told.is_deleted as is_gone,
        told.is_deleted <> answered.is_deleted as is_gone_for_one,
        case
            when not told.is_deleted and not answered.is_deleted
                then
                    {{ stripe_differing_fields(
                        'events.payload', 'snapshots.payload',
                        'told.api_version = answered.api_version'
                    ) }}
        end as differing_fields
    from objects
    left join versions as told
        on objects.object_key = told.object_key and objects.told_no = told.version_no
    left join versions as answered
        on objects.object_key = answered.object_key and objects.answered_no = answered.version_no
    left join events on told.event_id = events.event_id
    left join snapshots
        on
            objects.object_type = snapshots.object_type
            and objects.object_id = snapshots.object_id
            and answered.valid_from = snapshots.fetched_at

),

final as (

    select
        object_key,
        object_type,
        object_id,
        account,
        livemode,
        case
            when told_no is null then 'api_only'
            -- the API lists nothing that is gone
            when answered_no is null and is_gone then 'same'
            when answered_no is null then 'events_only'
            when is_gone_for_one or differing_fields is not null then 'differs'
            else 'same'
        end as comparison,
        case when is_gone_for_one then 'deleted' else differing_fields end as differing_fields,
        event_id,
        told_at,
        answered_at,
        first_told_at,
        answers_count,
        created_at,
        _load_id,
        _loaded_at
    from pairs

)

select * from final
