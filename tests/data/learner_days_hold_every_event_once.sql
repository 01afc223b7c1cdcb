-- Proves, per person, course and day: the days count each event of a person once, copies made by
-- a restore left out.
with events as (

    select
        student_hash,
        coalesce(course_id, 0) as course_id,
        {{ local_date('ts') }} as activity_date,
        count(*) as events_count,
        count(*) filter (where is_engagement_event) as engagement_events_count,
        coalesce(sum(dwell_seconds) filter (where not is_login_as), 0) as dwell_seconds
    from {{ ref('fact_learning_event') }}
    where student_hash is not null and not is_restored and is_misdated is not true
    group by student_hash, coalesce(course_id, 0), {{ local_date('ts') }}

),

days as (

    select * from {{ ref('int_learning__learner_course_days') }}

)

select
    coalesce(events.student_hash, days.student_hash) as student_hash,
    coalesce(events.course_id, days.course_id) as course_id,
    coalesce(events.activity_date, days.activity_date) as activity_date,
    events.events_count as events_counted,
    days.events_count
from events
full outer join days
    on
        events.student_hash = days.student_hash
        and events.course_id = days.course_id
        and events.activity_date = days.activity_date
where
    (events.events_count, events.engagement_events_count, events.dwell_seconds)
    is distinct from (days.events_count, days.engagement_events_count, days.dwell_seconds)
