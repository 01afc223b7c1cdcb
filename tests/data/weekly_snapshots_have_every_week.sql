-- Proves that no learner's weeks have a gap, and that the times of the weeks add up to the total.
with weeks as (

    select
        student_hash,
        course_id,
        week_start_date,
        total_time_spent_seconds,
        lag(week_start_date) over learner as previous_week,
        sum(time_spent_seconds) over learner as summed_seconds
    from {{ ref('learner_course_snapshot_weekly') }}
    window learner as (partition by student_hash, course_id order by week_start_date)

)

select *
from weeks
where
    week_start_date <> coalesce(previous_week + 7, week_start_date)
    or extract(isodow from week_start_date) <> 1
    or summed_seconds <> total_time_spent_seconds
