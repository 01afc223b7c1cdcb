-- One row per person and day with events of the application: what was done, sessions of the day.
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

app_events as not materialized (

    select * from events
    where topic = 'user.events' and not is_error

),

{% if is_incremental() %}
    changed as (

        select
            student_hash,
            date,
            session_date
        from events
        where
            {{ arrived_since_last_build() }}
            -- nothing to do, and nothing to read, without an application
            and exists (select 1 from app_events)

    ),

    touched as (

        select
            student_hash,
            date
        from changed
        union
        select
            student_hash,
            session_date
        from changed

    ),

    days_app_events as (

        select app_events.*
        from app_events
        inner join touched
            on
                app_events.student_hash = touched.student_hash
                and app_events.date = touched.date
        -- the day in any time zone lies within these bounds, which the index can use
        where
            app_events.ts >= (touched.date - 1)::timestamp at time zone 'UTC'
            and app_events.ts < (touched.date + 2)::timestamp at time zone 'UTC'

    ),

    session_events as (

        select events.*
        from events
        where
            events.session_id in (
                select starts.session_id
                from events as starts
                inner join touched
                    on
                        starts.student_hash = touched.student_hash
                        and starts.date = touched.date
                where
                    starts.is_session_start
                    and starts.ts >= (touched.date - 1)::timestamp at time zone 'UTC'
                    and starts.ts < (touched.date + 2)::timestamp at time zone 'UTC'
            )

    ),
{% else %}
    days_app_events as (

        select * from app_events

    ),

    session_events as (

        select * from events

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
    from days_app_events
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
    from session_events
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
