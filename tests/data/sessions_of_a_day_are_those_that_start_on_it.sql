-- Proves, per day: as many sessions as fact_session says started on it.
with sessions as (

    select
        date_key,
        count(*) as sessions_count
    from {{ ref('fact_session') }}
    group by date_key

),

days as (

    select
        date_key,
        sum(total_sessions) as sessions_count
    from {{ ref('student_daily_activity') }}
    group by date_key
    having sum(total_sessions) > 0

)

select
    coalesce(sessions.date_key, days.date_key) as date_key,
    sessions.sessions_count,
    days.sessions_count as sessions_of_the_days
from sessions
full outer join days on sessions.date_key = days.date_key
where sessions.sessions_count is distinct from days.sessions_count
