{#-
    Seconds of attention to credit to one event, by the published strategy (var `tot_strategy`;
    names after the time-on-task literature, theta = var `dwell_cap_seconds`):
    gap_cap       the gap to the next event of the session, at most theta (default)
    gap_drop      the gap where it is at most theta, else nothing
    session_span  the whole gap: the sum over a session is its duration
    explicit      only what the source reports
    With the first two the last event of a session, which no gap follows, counts var
    `last_event_seconds` (0).

    `gap`: seconds to the next event; `continues`: whether that event is of the same session;
    `reported`: seconds the source reports for this event. Other strategies do without it: a source
    that reports and one that does not would no longer be measured alike.
-#}
{% macro dwell(gap, continues, reported='null', strategy=none) -%}
    {%- set strategy = strategy or var('tot_strategy') -%}
    {%- set theta = var('dwell_cap_seconds') -%}
    {%- set last = var('last_event_seconds') if strategy in ('gap_cap', 'gap_drop') else 0 -%}
    {%- set rules = {
        'gap_cap': 'least(floor(' ~ gap ~ '), ' ~ theta ~ ')',
        'gap_drop': 'case when ' ~ gap ~ ' <= ' ~ theta ~ ' then floor(' ~ gap ~ ') else 0 end',
        'session_span': 'floor(' ~ gap ~ ')',
        'explicit': reported,
    } -%}
    {%- if strategy not in rules -%}
        {{ exceptions.raise_compiler_error(
            "var tot_strategy is " ~ strategy ~ ": choose one of " ~ rules | join(', ')
        ) }}
    {%- endif -%}
    {%- if strategy == 'explicit' -%}
        coalesce({{ reported }}, 0)
    {%- else -%}
        coalesce(case when {{ continues }} then {{ rules[strategy] }} else {{ last }} end, 0)
    {%- endif -%}
{%- endmacro %}
