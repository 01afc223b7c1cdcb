-- Proves, per session of the shop: events and ends are those of the events that carry its id. No
-- session without events (a ghost of a merge), no event of a right clock without a session.
with events as (

    select
        session_id,
        count(*) as events_count,
        min(ts) as session_start,
        max(ts) as session_end
    from {{ ref('int_commerce__events') }}
    where not is_misdated
    group by session_id

),

sessions as (

    select * from {{ ref('int_commerce__sessions') }}

)

select
    events.session_id as session_id_of_events,
    sessions.session_id
from events
full outer join sessions on events.session_id = sessions.session_id
where
    (events.events_count, events.session_start, events.session_end)
    is distinct from (sessions.events_count, sessions.session_start, sessions.session_end)
