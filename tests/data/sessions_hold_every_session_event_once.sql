-- Proves, per session: events, dwell and ends are those of the events that carry its id. No session
-- without events (a ghost of a merge), no session event without a session.
with events as (

    select
        session_id,
        count(*) as events_count,
        sum(case when is_login_as then 0 else dwell_seconds end) as dwell_seconds,
        min(ts) as session_start,
        max(ts) as session_end
    from {{ ref('fact_learning_event') }}
    where is_session_event
    group by session_id

),

sessions as (

    select * from {{ ref('fact_session') }}

)

select
    events.session_id as session_id_of_events,
    sessions.session_id,
    events.events_count as events_counted,
    sessions.events_count
from events
full outer join sessions on events.session_id = sessions.session_id
where
    (events.events_count, events.dwell_seconds, events.session_start, events.session_end)
    is distinct from (
        sessions.events_count,
        sessions.engaged_seconds,
        sessions.session_start,
        sessions.session_end
    )
