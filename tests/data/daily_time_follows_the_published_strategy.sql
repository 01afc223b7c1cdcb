-- Proves, per person and day: the published time is what its strategy makes of the gaps, counted
-- anew from the log.
select
    activity.date,
    activity.student_hash,
    activity.total_time_spent_seconds,
    recounted.{{ var('tot_strategy') }}_seconds as recounted_seconds
from {{ ref('student_daily_activity') }} as activity
full outer join {{ ref('int_learning__time_on_task_by_strategy') }} as recounted
    on activity.date = recounted.date and activity.student_hash = recounted.student_hash
where
    activity.total_time_spent_seconds
    is distinct from recounted.{{ var('tot_strategy') }}_seconds
