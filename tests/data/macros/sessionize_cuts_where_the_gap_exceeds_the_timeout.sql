-- Proves, for whatever timeout and cap the project sets, that a gap of the timeout continues a
-- session and a second more ends it, that dwell is capped, that events of one instant stay
-- together, and that neither other people nor events that do not count interfere, nor one that
-- says the session ends.
{%- set timeout = var('session_timeout_minutes') * 60 %}
{%- set cap = var('dwell_cap_seconds') %}
{%- set last = var('last_event_seconds') %}
{{ config(enabled=var('tot_strategy') == 'gap_cap') }}

with cases as (

    select
        examples.*,
        case examples.event when 'e3' then 'session_end' else 'page_view' end as event_name,
        timestamptz '2026-01-10 10:00:00+00' + examples.offset_seconds * interval '1 second' as at
    from (
        values
        -- person, event, seconds, counts, first event of its session, dwell
        ('ann', 'e1', 0, true, 'e1', least({{ timeout }}, {{ cap }})),
        ('ann', 'e2', {{ timeout }}, true, 'e1', 0),
        ('ann', 'e3', {{ timeout }}, true, 'e1', 1),
        ('ann', 'e4', {{ timeout }} + 1, true, 'e1', {{ last }}),
        -- would bridge the gap if it counted
        ('ann', 'x1', {{ timeout }} + 2, false, null, null),
        ('ann', 'x2', {{ timeout }} + 3, null, null, null),
        ('ann', 'e5', 2 * {{ timeout }} + 2, true, 'e5', least({{ timeout }} - 1, {{ cap }})),
        ('ann', 'e6', 3 * {{ timeout }} + 1, true, 'e5', {{ last }}),
        ('bob', 'b1', 1, true, 'b1', {{ last }}),
        ('bob', 'b2', {{ timeout }} + 2, true, 'b2', {{ last }})
    ) as examples (person, event, offset_seconds, counts, first_event, expected_dwell)

),

sessions as (

    {{ sessionize('cases', learner='person', ts='at', event_id='event', only='counts') }}

)

select
    sessions.event,
    sessions.session_id,
    sessions.session_started_at,
    sessions.dwell_seconds
from sessions
left join cases as firsts on sessions.first_event = firsts.event
where
    sessions.session_id is distinct from md5(
        sessions.person || '|'
        || lpad((extract(epoch from firsts.at) * 1000000)::bigint::text, 20, '0')
        || ':' || firsts.event
    )
    or sessions.session_started_at is distinct from firsts.at
    or sessions.is_session_start is distinct from sessions.event = sessions.first_event
    or sessions.dwell_seconds is distinct from sessions.expected_dwell
