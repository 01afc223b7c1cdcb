{#-
    Law 3: cut the events of each learner into sessions, a session being a maximal run with gaps
    of at most `session_timeout_minutes` (a gap of exactly that continues the session).

    Takes a relation or CTE with the columns `learner`, `ts` and `event_id`; returns its rows
    with `session_id`, `session_started_at`, `is_session_start` and `dwell_seconds`: the time to
    the next event of the session by the strategy of var `tot_strategy` (macro `dwell`);
    `reported`: seconds the source reports, for the strategy explicit.
    Rows for which the condition `only` does not hold get nulls and split nothing.
    One sort serves both windows, and a session is hashed once, not at each of its events.
-#}
{% macro sessionize(
    relation, learner='student_hash', ts='ts', event_id='event_id', only='true', reported='null'
) -%}
    {%- set timeout = "interval '" ~ var('session_timeout_minutes') ~ " minutes'" -%}
    {#- not a constant: Postgres would sort once more #}
    {%- set counting = ', _counts' if only != 'true' -%}
    {%- set gap = 'runs._next_ts - runs.' ~ ts -%}
    {#- instants compare cheaper than intervals #}
    {%- set continues = 'runs._next_ts <= runs.' ~ ts ~ ' + ' ~ timeout %}
    {#- the instant as text that sorts by time #}
    {%- set instant = "lpad((extract(epoch from gaps." ~ ts ~ ") * 1000000)::bigint::text, 20, '0')" %}
    select
        runs.*,
        case when runs._counts then substr(runs._session, 21) collate "default" end as session_id,
        case when runs._counts then runs._started_at end as session_started_at,
        case when runs._counts then runs._starts end as is_session_start,
        case
            when runs._counts
                then {{ dwell(
                    "date_part('epoch', " ~ gap ~ ')', continues, reported
                ) }}
        end::integer as dwell_seconds
    from (
        select
            gaps.*,
            max(gaps.{{ ts }}) filter (where gaps._starts) over so_far as _started_at,
            max(
                {{ instant }}
                || md5(gaps.{{ learner }} || '|' || {{ instant }} || ':' || gaps.{{ event_id }})
                collate "C"
            ) filter (where gaps._starts) over so_far as _session
        from (
            select
                marked.*,
                coalesce(marked.{{ ts }} > marked._previous_ts + {{ timeout }}, true) as _starts
            from (
                select
                    counted.*,
                    lag(counted.{{ ts }}) over learner_events as _previous_ts,
                    lead(counted.{{ ts }}) over learner_events as _next_ts
                from (
                    select
                        events.*,
                        coalesce({{ only }}, false) as _counts
                    from {{ relation }} as events
                ) as counted
                window learner_events as (
                    partition by counted.{{ learner }}{{ counting }}
                    order by counted.{{ ts }}, counted.{{ event_id }}
                )
            ) as marked
        ) as gaps
        window so_far as (
            partition by gaps.{{ learner }}{{ counting }}
            order by gaps.{{ ts }}, gaps.{{ event_id }}
            rows unbounded preceding
        )
    ) as runs
{%- endmacro %}
