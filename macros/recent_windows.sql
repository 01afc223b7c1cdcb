{#- The window of five minutes an instant lies in, by its begin. -#}
{% macro five_minutes_of(instant) -%}
    date_bin('5 minutes', {{ instant }}, timestamptz '1970-01-01 00:00:00+00')
{%- endmacro %}

{#-
    Begin of the first window of five minutes that is kept while the newest event is of `clock`: the
    first one that is shown, and before it what the longest sliding window that ends there holds.
-#}
{% macro first_kept_window(clock) -%}
    {{ five_minutes_of(clock) }}
    - interval '{{ var("rt_retention_hours") }} hours {{ var("rt_sliding_minutes") }} minutes'
{%- endmacro %}

{#-
    Post-hook of an incremental model about the last two days: whole windows of five minutes go, so
    that what is left of a window is never a part of it. `column`: the instant or the window's begin.
-#}
{% macro forget_expired_windows(column) -%}
    delete from {{ this }}
    where {{ column }} < (
        select {{ first_kept_window('max(newest.' ~ column ~ ')') }} from {{ this }} as newest
    )
{%- endmacro %}

{#-
    A select of every window of five minutes that is kept, whether anything happened in it or not,
    and whether it is one of those that are shown. `people`: int_events__recent_people or the like.
-#}
{% macro five_minute_steps(people) -%}
    select
        step.window_start,
        step.window_start > newest.window_start - interval '{{ var("rt_retention_hours") }} hours'
            as is_shown
    from (select max(window_start) as window_start from {{ people }}) as newest
    cross join lateral generate_series(
        {{ first_kept_window('newest.window_start') }}, newest.window_start, interval '5 minutes'
    ) as step (window_start)
{%- endmacro %}

{#-
    A select of how many different people a sliding window of so many minutes gains and loses with
    each step of five minutes: their running sum is exact, without looking at any window as a whole.
    Who is seen counts from that window of five minutes on until the sliding window has left it
    behind, or until the next time they are seen, which then counts instead.

    `people`: CTE with window_start and person_hash, one row each.
-#}
{% macro people_steps(people, minutes) -%}
    select
        steps.window_start,
        sum(steps.change)::bigint as change
    from (
        select
            spans.window_start as seen_from,
            least(
                spans.window_start + interval '{{ minutes }} minutes',
                lead(spans.window_start) over (
                    partition by spans.person_hash order by spans.window_start
                )
            ) as seen_until
        from {{ people }} as spans
    ) as seen
    cross join lateral (
        values (seen.seen_from, 1), (seen.seen_until, -1)
    ) as steps (window_start, change)
    group by steps.window_start
{%- endmacro %}
