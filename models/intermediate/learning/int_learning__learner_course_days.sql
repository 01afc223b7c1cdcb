-- One row per person, course and day with events; course 0 is the site outside any course.
{{
    config(
        materialized='incremental',
        unique_key=['student_hash', 'course_id', 'activity_date'],
        incremental_strategy='recompute',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['student_hash', 'course_id', 'activity_date'], 'unique': true},
            {'columns': ['_load_id']},
        ],
        meta={
            'grain': ['student_hash', 'course_id', 'activity_date'], 'owner': 'data-team',
            'exists_column': 'events_count',
        },
    )
}}

{%- set key = 'touched' if is_incremental() else 'days' %}

with events as not materialized (

    select
        *,
        coalesce(course_id, 0) as day_course_id,
        {{ local_date('ts') }} as activity_date
    from {{ ref('fact_learning_event') }}
    where student_hash is not null and not is_restored and not is_misdated

),

{% if is_incremental() %}
    touched as (

        select distinct
            places.student_hash,
            coalesce(places.course_id, 0) as course_id,
            {{ local_date('places.ts') }} as activity_date
        from ({{ touched_places('events') }}) as places
        where places.student_hash is not null

    ),

    recomputed as (

        select events.*
        from events
        inner join touched
            on
                events.student_hash = touched.student_hash
                and events.day_course_id = touched.course_id
                and events.activity_date = touched.activity_date
        -- the day in any time zone lies within these bounds, which the index can use
        where
            events.ts >= (touched.activity_date - 1)::timestamp at time zone 'UTC'
            and events.ts < (touched.activity_date + 2)::timestamp at time zone 'UTC'

    ),
{% else %}
    recomputed as (

        select * from events

    ),
{% endif %}

days as (

    select
        student_hash,
        day_course_id as course_id,
        activity_date,
        count(*)::integer as events_count,
        count(*) filter (where is_engagement_event)::integer as engagement_events_count,
        -- an administrator in disguise spends no time of the learner's
        coalesce(sum(dwell_seconds) filter (where not is_login_as), 0)::integer as dwell_seconds,
        min(ts) as first_event_at,
        max(ts) as last_event_at,
        max(_load_id) as _load_id
    from recomputed
    group by student_hash, day_course_id, activity_date

),

final as (

    select
        {{ key }}.student_hash,
        {{ key }}.course_id,
        {{ key }}.activity_date,
        days.events_count,
        days.engagement_events_count,
        days.dwell_seconds,
        days.first_event_at,
        days.last_event_at,
        days._load_id
    from {{ key }}
    {% if is_incremental() %}
        -- a day that nothing is left of comes back empty, to be deleted
        left join days
            on
                touched.student_hash = days.student_hash
                and touched.course_id = days.course_id
                and touched.activity_date = days.activity_date
    {% endif %}

)

select * from final
