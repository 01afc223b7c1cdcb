-- One row per visit: a maximal run of a session's events in the same chapter.
{{
    config(
        materialized='incremental',
        event_time='date',
        unique_key='session_id',
        incremental_strategy='recompute',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['visit_id'], 'unique': true},
            {'columns': ['session_id']},
            {'columns': ['student_hash', 'visit_started_at']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['visit_id'], 'owner': 'data-team', 'exists_column': 'visit_id'},
    )
}}

with events as not materialized (

    select * from {{ ref('fact_learning_event') }}
    where session_id is not null

),

changed as (

    {{ touched_places('events', ['session_id']) }}

),

touched as (

    {{ touched_sessions('changed', start='visit_started_at') }}

),

recomputed as (

    select
        events.*,
        -- of the whole session: its last events may lie elsewhere and would seem new for ever
        max(events._load_id) over (partition by events.session_id) as session_load_id
    from events
    {% if is_incremental() %}
        where events.session_id in (select touched.session_id from touched)
    {% endif %}

),

-- pages outside any course interrupt nothing, a look into another course does
course_changes as (

    select
        *,
        coalesce(course_id <> lag(course_id) over session_events, true) as is_course_change
    from recomputed
    where course_id is not null and not is_login_as
    window session_events as (partition by session_id order by ts, event_id)

),

course_runs as (

    select
        *,
        count(*) filter (where is_course_change) over session_events as course_run
    from course_changes
    window session_events as (partition by session_id order by ts, event_id)

),

-- nor do pages of the course that belong to no chapter
chapter_changes as (

    select
        *,
        coalesce(
            course_run <> lag(course_run) over session_events
            or chapter_id <> lag(chapter_id) over session_events, true
        ) as is_visit_start
    from course_runs
    where chapter_id is not null
    window session_events as (partition by session_id order by ts, event_id)

),

chapter_runs as (

    select
        *,
        count(*) filter (where is_visit_start) over session_events as visit_number
    from chapter_changes
    window session_events as (partition by session_id order by ts, event_id)

),

visits as (

    select
        {{ surrogate_key(['session_id', 'min(event_id) filter (where is_visit_start)']) }}
            as visit_id,
        session_id,
        student_hash,
        course_id,
        chapter_id,
        min(ts) as visit_started_at,
        sum(dwell_seconds)::integer as seconds,
        count(*)::integer as events_count,
        max(scroll_depth)::numeric(5, 2) as max_scroll_depth,
        bool_or(is_engagement_event) as has_engagement,
        max(session_load_id) as _load_id
    from chapter_runs
    group by session_id, visit_number, student_hash, course_id, chapter_id

),

final as (

    select
        visits.visit_id,
        touched.session_id,
        visits.student_hash,
        visits.course_id,
        visits.chapter_id,
        {{ local_date('visits.visit_started_at') }} as date,
        visits.visit_started_at,
        visits.seconds,
        visits.events_count,
        visits.max_scroll_depth,
        visits.has_engagement,
        visits._load_id
    from touched
    -- an increment also returns the sessions that have no visit any more, to be deleted
    {{ 'left' if is_incremental() else 'inner' }} join visits
        on touched.session_id = visits.session_id

)

select * from final
