-- Proves, per person and day: the minutes of daily_user_stats, added up course by course, are the
-- seconds of student_daily_activity.
with stats as (

    select * from {{ ref('daily_user_stats') }}
    where total_time > 0

),

activity as (

    select * from {{ ref('student_daily_activity') }}
    where total_time_spent_seconds > 0

)

select
    coalesce(stats.date, activity.date) as date,
    coalesce(stats.student_hash, activity.student_hash) as student_hash,
    stats.total_time,
    activity.total_time_spent_seconds
from stats
full outer join activity
    on stats.date = activity.date and stats.student_hash = activity.student_hash
where stats.total_time is distinct from round(activity.total_time_spent_seconds / 60.0, 2)
