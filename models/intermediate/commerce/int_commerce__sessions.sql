-- One row per session in the shop: a maximal run of one visitor's events without a longer break.
{{
    config(
        materialized='incremental',
        event_time='session_start',
        unique_key='session_id',
        incremental_strategy='recompute',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['session_id'], 'unique': true},
            {'columns': ['visitor_hash', 'session_start']},
            {'columns': ['_load_id']},
        ],
        meta={
            'grain': ['session_id'], 'owner': 'data-team', 'exists_column': 'events_count',
        },
    )
}}

with events as not materialized (

    select * from {{ ref('int_commerce__events') }}
    where session_id is not null

),

changed as (

    select
        session_id,
        visitor_hash,
        ts
    from events
    where {{ arrived_since_last_build() }}

),

touched as (

    {{ touched_sessions('changed', learner='visitor_hash') }}

),

sessions as (

    select
        session_id,
        min(visitor_hash) as visitor_hash,
        min(student_hash) as student_hash,
        (array_agg(user_key order by ts, event_key))[1] as user_key,
        (array_agg(learner_key order by ts, event_key))[1] as learner_key,
        (array_agg(source_session_id order by ts, event_key))[1] as source_session_id,
        count(distinct source_session_id)::integer as source_sessions_count,
        min(ts) as session_start,
        max(ts) as session_end,
        count(*)::integer as events_count,
        count(*) filter (where topic = 'clicks')::integer as clicks_count,
        count(*) filter (where topic = 'cart')::integer as cart_changes_count,
        count(*) filter (where topic = 'purchase')::integer as orders_count,
        (array_agg(page order by ts, event_key) filter (where topic = 'clicks'))[1] as entry_page,
        (array_agg(page order by ts desc, event_key desc) filter (where topic = 'clicks'))[1]
            as exit_page,
        max(_load_id) as _load_id,
        max(_loaded_at) as _loaded_at
    from events
    {% if is_incremental() %}
        where session_id in (select touched.session_id from touched)
    {% endif %}
    group by session_id

),

final as (

    select
        ---------- ids
        touched.session_id,
        sessions.visitor_hash,
        sessions.student_hash,
        sessions.user_key,
        sessions.learner_key,
        sessions.source_session_id,
        {{ date_key(local_date('sessions.session_start')) }} as date_key,

        ---------- measures
        sessions.session_start,
        sessions.session_end,
        floor(extract(epoch from sessions.session_end - sessions.session_start))::integer
            as session_duration_seconds,
        sessions.events_count,
        sessions.clicks_count,
        sessions.cart_changes_count,
        sessions.orders_count,
        sessions.source_sessions_count,
        sessions.entry_page,
        sessions.exit_page,

        ---------- flags
        sessions.events_count = 1 as is_bounce,

        ---------- bookkeeping
        sessions._load_id,
        sessions._loaded_at
    from touched
    left join sessions on touched.session_id = sessions.session_id

)

select * from final
