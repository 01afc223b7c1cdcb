-- Proves, per person: the days hold every session once and every second of dwell once, apart from
-- what an administrator did in the person's name.
with events as (

    select
        student_hash,
        sum(dwell_seconds) filter (where not is_login_as) as seconds
    from {{ ref('fact_learning_event') }}
    where is_session_event
    group by student_hash

),

sessions as (

    select
        student_hash,
        count(*) as sessions_count,
        sum(events_count) as events_count
    from {{ ref('fact_session') }}
    group by student_hash

),

days as (

    select
        student_hash,
        sum(total_sessions) as sessions_count,
        sum(events_count) as events_count,
        sum(total_time_spent_seconds) as seconds
    from {{ ref('student_daily_activity') }}
    group by student_hash

)

select
    coalesce(sessions.student_hash, days.student_hash) as student_hash,
    sessions.sessions_count,
    days.sessions_count as sessions_of_the_days,
    events.seconds,
    days.seconds as seconds_of_the_days
from sessions
full outer join days on sessions.student_hash = days.student_hash
left join events on sessions.student_hash = events.student_hash
where
    (sessions.sessions_count, sessions.events_count, coalesce(events.seconds, 0))
    is distinct from (days.sessions_count, days.events_count, days.seconds)
