-- Proves, per session and chapter: the visits hold each of its events and each second of dwell
-- once, and no visit belongs to a session that is no more.
with events as (

    select
        session_id,
        chapter_id,
        count(*) as events_count,
        sum(dwell_seconds) as seconds
    from {{ ref('fact_learning_event') }}
    where
        session_id is not null and not is_login_as
        and course_id is not null and chapter_id is not null
    group by session_id, chapter_id

),

visits as (

    select
        session_id,
        chapter_id,
        sum(events_count) as events_count,
        sum(seconds) as seconds
    from {{ ref('int_learning__chapter_visits') }}
    group by session_id, chapter_id

)

select
    coalesce(events.session_id, visits.session_id) as session_id,
    coalesce(events.chapter_id, visits.chapter_id) as chapter_id,
    events.events_count,
    visits.events_count as events_of_the_visits
from events
full outer join visits
    on events.session_id = visits.session_id and events.chapter_id = visits.chapter_id
where
    (events.events_count, events.seconds) is distinct from (visits.events_count, visits.seconds)
