-- One row per session: which sessions of the source it covers, and what late arrivals did to it.
{{
    config(
        materialized='incremental',
        event_time='date',
        unique_key='session_id',
        incremental_strategy='recompute',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['session_id'], 'unique': true},
            {'columns': ['student_hash', 'session_start']},
            {'columns': ['date']},
            {'columns': ['_load_id']},
        ],
        meta={
            'grain': ['session_id'], 'owner': 'data-team', 'exists_column': 'events_count',
        },
    )
}}

with events as not materialized (

    select
        *,
        _loaded_at - ts > interval '{{ var("late_after_minutes") }} minutes' as is_late
    from {{ ref('fact_learning_event') }}
    where session_id is not null

),

changed as (

    {{ touched_places('events', ['session_id']) }}

),

touched as (

    {{ touched_sessions('changed') }}

),

sessions as (

    select
        session_id,
        min(student_hash) as student_hash,
        min(ts) as session_start,
        max(ts) as session_end,
        count(*)::integer as events_count,
        array_agg(distinct source_session_id) filter (where source_session_id is not null)
            as source_session_ids,
        min(_first_load_id) as first_load_id,
        coalesce(max(_first_load_id) filter (where is_late) > min(_first_load_id), false)
            as is_reopened,
        max(_load_id) as _load_id
    from events
    {% if is_incremental() %}
        where session_id in (select touched.session_id from touched)
    {% endif %}
    group by session_id

),

-- only of sessions that were changed: few, whose events the index finds
reopened as (

    select
        sessions.session_id,
        sessions.session_start,
        events.ts,
        events.is_late and events._first_load_id > sessions.first_load_id as is_revision
    from sessions
    inner join events on sessions.session_id = events.session_id
    where sessions.is_reopened

),

gaps as (

    select
        *,
        ts - lag(ts) over (partition by session_id, is_revision order by ts)
        > interval '{{ var("session_timeout_minutes") }} minutes' as is_apart
    from reopened

),

revisions as (

    select
        session_id,
        (count(*) filter (where is_revision))::integer as late_events_count,
        min(ts) filter (where is_revision) = session_start as is_renamed,
        bool_or(is_apart and not is_revision) as is_merged
    from gaps
    group by session_id, session_start

),

final as (

    select
        touched.session_id,
        sessions.student_hash,
        {{ local_date('sessions.session_start') }} as date,
        sessions.session_start,
        sessions.session_end,
        sessions.events_count,
        sessions.source_session_ids,
        coalesce(revisions.late_events_count, 0) as late_events_count,
        sessions.is_reopened,
        coalesce(revisions.is_renamed, false) as is_renamed,
        coalesce(revisions.is_merged, false) as is_merged,
        sessions._load_id
    from touched
    left join sessions on touched.session_id = sessions.session_id
    left join revisions on touched.session_id = revisions.session_id

)

select * from final
