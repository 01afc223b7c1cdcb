-- Proves the four time-on-task strategies on gaps below, at and above theta, on the last event of
-- a session and on events whose source reports how long they took.
{%- set theta = var('dwell_cap_seconds') %}
{%- set last = var('last_event_seconds') %}
{%- set strategies = ['gap_cap', 'gap_drop', 'session_span', 'explicit'] %}

with cases (event, gap, continues, reported, gap_cap, gap_drop, session_span, explicit) as (

    values
    ('below', {{ theta }} - 0.5, true, null, {{ theta }} - 1, {{ theta }} - 1, {{ theta }} - 1, 0),
    ('at', {{ theta }}, true, null, {{ theta }}, {{ theta }}, {{ theta }}, 0),
    ('above', {{ theta }} + 1, true, null, {{ theta }}, 0, {{ theta }} + 1, 0),
    ('next session', {{ theta }} - 1, false, null, {{ last }}, {{ last }}, 0, 0),
    ('last', null, null, null, {{ last }}, {{ last }}, 0, 0),
    ('reported', 30, true, 20, 30, 30, 30, 20),
    ('reported, last', null, null, 20, {{ last }}, {{ last }}, 0, 20)

)

{% for strategy in strategies %}
    select
        event,
        '{{ strategy }}' as strategy
    from cases
    where {{ strategy }} <> {{ dwell('gap', 'continues', 'reported', strategy) }}
    {{ 'union all' if not loop.last }}
{% endfor %}
