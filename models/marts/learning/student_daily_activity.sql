-- One row per person and day with at least one session event: what the person did that day.
{{
    config(
        materialized='incremental',
        event_time='date',
        unique_key=['student_hash', 'date'],
        incremental_strategy='recompute',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['student_hash', 'date'], 'unique': true},
            {'columns': ['date']},
            {'columns': ['_load_id']},
        ],
        meta={
            'grain': ['date', 'student_hash'], 'owner': 'data-team', 'kind': 'aggregate',
            'exists_column': 'events_count',
        },
    )
}}

{%- set key = 'touched' if is_incremental() else 'days' %}

with events as not materialized (

    select
        *,
        {{ local_date('ts') }} as date
    from {{ ref('fact_learning_event') }}
    where is_session_event

),

{% if is_incremental() %}
    touched as (

        {{ touched_days('events') }}

    ),
{% endif %}

recomputed as (

    {{ events_of_touched_days('events', 'touched') }}

),

days as (

    select
        date,
        student_hash,
        count(*) filter (where is_session_start) as total_sessions,
        coalesce(sum(dwell_seconds) filter (where not is_login_as), 0) as total_time_spent_seconds,
        count(*) filter (where is_engagement_event and action = 'viewed') as pages_viewed,
        count(distinct object_id) filter (
            where is_engagement_event and event_name = '\mod_quiz\event\attempt_started'
        )
        + count(distinct concat_ws('|', source_parent_id, attempt_no)) filter (
            where is_engagement_event and topic = 'quiz'
        ) as quizzes_attempted,
        count(distinct object_id) filter (
            where is_engagement_event and event_name = '\mod_assign\event\assessable_submitted'
        )
        + count(distinct coalesce(page, event_id)) filter (
            where is_engagement_event and event_name = 'submit_assignment'
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

videos as (

    select
        date,
        student_hash,
        -- what was seen twice on the day counts once
        {{ range_seconds(
            'range_agg(' ~ watched_range('watched_from_seconds', 'watched_to_seconds') ~ ')'
        ) }} as watched_seconds
    from recomputed
    where topic = 'video'
    group by date, student_hash, source_object_id

),

videos_of_day as (

    select
        date,
        student_hash,
        sum(watched_seconds) as watched_seconds
    from videos
    group by date, student_hash

),

final as (

    select
        ---------- promised columns, in the promised order
        {{ key }}.date,
        {{ key }}.student_hash,
        days.total_sessions::integer as total_sessions,
        days.total_time_spent_seconds::integer as total_time_spent_seconds,
        days.pages_viewed::integer as pages_viewed,
        days.quizzes_attempted::integer as quizzes_attempted,
        floor(videos_of_day.watched_seconds)::integer as videos_watched_seconds,
        days.assignments_submitted::integer as assignments_submitted,

        ---------- keys
        {{ surrogate_key([key ~ '.date', key ~ '.student_hash']) }} as student_daily_activity_key,
        {{ date_key(key ~ '.date') }} as date_key,
        days.learner_key,

        ---------- more of the day
        days.courses_visited::integer as courses_visited,
        days.events_count::integer as events_count,
        days.engagement_events_count::integer as engagement_events_count,
        days.forum_posts::integer as forum_posts,
        '{{ var("tot_strategy") }}'::text as tot_strategy,

        ---------- bookkeeping
        days._load_id,
        days._loaded_at
    from {{ key }}
    {% if is_incremental() %}
        -- a day that nothing is left of comes back empty, to be deleted
        left join days on touched.date = days.date and touched.student_hash = days.student_hash
    {% endif %}
    left join videos_of_day
        on days.date = videos_of_day.date and days.student_hash = videos_of_day.student_hash

)

select * from final
