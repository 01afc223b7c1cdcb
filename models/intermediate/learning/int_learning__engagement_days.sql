-- One row per person and day with events of the application: what was done, sessions of the day.
{{
    config(
        materialized='incremental',
        event_time='date',
        unique_key=['student_hash', 'date'],
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['student_hash', 'date'], 'unique': true},
            {'columns': ['date']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['student_hash', 'date'], 'owner': 'data-team'},
    )
}}

with events as not materialized (

    select
        *,
        {{ local_date('ts') }} as date,
        {{ local_date('session_started_at') }} as session_date
    from {{ ref('fact_learning_event') }}
    where session_id is not null

),

{% if is_incremental() %}
    touched as (

        select days.* from ({{ touched_days('events', ['ts', 'session_started_at']) }}) as days
        -- nothing to do, and nothing to read, without an application
        where exists (
            select 1 from events as reported
            where reported.topic = 'user.events'
        )

    ),

    touched_events as (

        {{ events_of_touched_days('events', 'touched') }}

    ),
{% endif %}

activity as (

    select
        student_hash,
        date,
        count(*) as total_events,
        count(distinct page) as unique_pages,
        count(*) filter (where event_name = 'click') as clicks,
        mode() within group (order by course_id) as course_id,
        (array_agg(learner_key order by ts, event_id))[1] as learner_key,
        max(_load_id) as _load_id
    from {{ 'touched_events' if is_incremental() else 'events' }}
    where topic = 'user.events' and not is_error
    group by student_hash, date

),

-- of the whole day's sessions, whoever reported their events
sessions as (

    select
        student_hash,
        session_date as date,
        count(*) filter (where is_session_start) as session_count,
        sum(dwell_seconds) filter (where not is_login_as) as engaged_seconds,
        max(_load_id) as _load_id
    from events
    {% if is_incremental() %}
        where
            session_id in (
                select starts.session_id from touched_events as starts
                where starts.is_session_start
            )
    {% endif %}
    group by student_hash, session_date

),

final as (

    select
        activity.student_hash,
        activity.date,
        activity.learner_key,
        activity.course_id,
        activity.total_events::integer as total_events,
        activity.unique_pages::integer as unique_pages,
        activity.clicks::integer as clicks,
        coalesce(sessions.session_count, 0)::integer as session_count,
        coalesce(sessions.engaged_seconds, 0)::integer as engaged_seconds,
        -- of what left the day, too: the days of everybody are ranked anew
        {% if is_incremental() %}
            greatest(activity._load_id, sessions._load_id, touched._load_id) as _load_id
        {% else %}
            greatest(activity._load_id, sessions._load_id) as _load_id
        {% endif %}
    from activity
    {% if is_incremental() %}
        inner join touched
            on activity.student_hash = touched.student_hash and activity.date = touched.date
    {% endif %}
    left join sessions
        on activity.student_hash = sessions.student_hash and activity.date = sessions.date

)

select * from final
