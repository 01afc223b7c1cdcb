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

        select distinct
            changed.student_hash,
            day.date
        from events as changed
        cross join lateral (values (changed.date), (changed.session_date)) as day (date)
        where
            {{ arrived_since_last_build('changed') }}
            -- nothing to do, and nothing to read, without an application
            and exists (
                select 1 from events as reported
                where reported.topic = 'user.events'
            )

    ),

    touched_events as (

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
        greatest(activity._load_id, sessions._load_id) as _load_id
    from activity
    left join sessions
        on activity.student_hash = sessions.student_hash and activity.date = sessions.date

)

select * from final
