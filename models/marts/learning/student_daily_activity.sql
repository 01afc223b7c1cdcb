-- One row per person and day with at least one session event: what the person did that day.
{{
    config(
        materialized='incremental',
        unique_key=['student_hash', 'date'],
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['student_hash', 'date'], 'unique': true},
            {'columns': ['date']},
            {'columns': ['_load_id']},
        ],
        meta={
            'grain': ['date', 'student_hash'], 'owner': 'data-team', 'kind': 'aggregate',
        },
    )
}}

with events as not materialized (

    select
        *,
        {{ local_date('ts') }} as date
    from {{ ref('fact_learning_event') }}
    where is_session_event

),

{% if is_incremental() %}
    touched as (

        select distinct
            student_hash,
            date
        from events
        where {{ arrived_since_last_build() }}

    ),

    recomputed as (

        select events.*
        from events
        inner join touched
            on
                events.student_hash = touched.student_hash
                and events.date = touched.date
        -- the day in any time zone lies within these bounds, which the index can use
        where
            events.ts >= (touched.date - 1)::timestamp at time zone 'UTC'
            and events.ts < (touched.date + 2)::timestamp at time zone 'UTC'

    ),
{% else %}
    recomputed as (

        select * from events

    ),
{% endif %}

days as (

    select
        date,
        student_hash,
        count(*) filter (where is_session_start) as total_sessions,
        coalesce(sum(dwell_seconds) filter (where not is_login_as), 0)
            as total_time_spent_seconds,
        count(*) filter (where is_engagement_event and action = 'viewed') as pages_viewed,
        count(distinct object_id) filter (
            where is_engagement_event and event_name = '\mod_quiz\event\attempt_started'
        ) as quizzes_attempted,
        count(distinct object_id) filter (
            where is_engagement_event and event_name = '\mod_assign\event\assessable_submitted'
        ) as assignments_submitted,
        (array_agg(learner_key order by ts, event_id))[1] as learner_key,
        count(distinct course_id) filter (where is_engagement_event) as courses_visited,
        count(*) as events_count,
        count(*) filter (where is_engagement_event) as engagement_events_count,
        -- the post that opens a discussion is logged as the discussion only
        count(*) filter (
            where
            is_engagement_event
            and event_name in (
                '\mod_forum\event\post_created', '\mod_forum\event\discussion_created'
            )
        ) as forum_posts,
        max(_load_id) as _load_id,
        max(_loaded_at) as _loaded_at
    from recomputed
    group by date, student_hash

),

final as (

    select
        ---------- promised columns, in the promised order
        date,
        student_hash,
        total_sessions::integer as total_sessions,
        total_time_spent_seconds::integer as total_time_spent_seconds,
        pages_viewed::integer as pages_viewed,
        quizzes_attempted::integer as quizzes_attempted,
        -- no source reports watching yet
        null::integer as videos_watched_seconds,
        assignments_submitted::integer as assignments_submitted,

        ---------- keys
        {{ surrogate_key(['date', 'student_hash']) }} as student_daily_activity_key,
        {{ date_key('date') }} as date_key,
        learner_key,

        ---------- more of the day
        courses_visited::integer as courses_visited,
        events_count::integer as events_count,
        engagement_events_count::integer as engagement_events_count,
        forum_posts::integer as forum_posts,
        '{{ var("tot_strategy") }}'::text as tot_strategy,

        ---------- bookkeeping
        _load_id,
        _loaded_at
    from days

)

select * from final
