{#-
    Law 3: cut the events of each learner into sessions, a session being a maximal run with gaps
    of at most `session_timeout_minutes` (a gap of exactly that continues the session).

    Takes a relation or CTE with the columns `learner`, `ts` and `event_id`; returns its rows
    with `session_id`, `session_started_at`, `is_session_start` and `dwell_seconds`: the time to
    the next event of the session by the strategy of var `tot_strategy` (macro `dwell`), 0 for the
    last event of a session; `reported`: seconds the source reports, for the strategy explicit.
    Rows for which the condition `only` does not hold get nulls and split nothing.
    One sort serves every window.
-#}
{% macro sessionize(
    relation, learner='student_hash', ts='ts', event_id='event_id', only='true', reported='null'
) -%}
    {%- set timeout = "interval '" ~ var('session_timeout_minutes') ~ " minutes'" -%}
    select
        runs.*,
        case
            when runs._counts then md5(runs.{{ learner }} || '|' || runs._first_event)
        end as session_id,
        case when runs._counts then runs._started_at end as session_started_at,
        case when runs._counts then not runs._continues end as is_session_start,
        case
            when runs._counts
                then {{ dwell(
                    'extract(epoch from runs._next_ts - runs.' ~ ts ~ ')',
                    'runs._next_continues',
                    reported
                ) }}
        end::integer as dwell_seconds
    from (
        select
            marked.*,
            max(case when not marked._continues then marked.{{ ts }} end)
                over learner_events as _started_at,
            -- the first event of the session, as text that sorts by time
            max(
                case
                    when not marked._continues
                        then lpad(
                            (extract(epoch from marked.{{ ts }}) * 1000000)::bigint::text, 20, '0'
                        ) || ':' || marked.{{ event_id }}
                end
            ) over learner_events as _first_event,
            lead(marked._continues) over learner_events as _next_continues,
            lead(marked.{{ ts }}) over learner_events as _next_ts
        from (
            select
                counted.*,
                coalesce(
                    counted.{{ ts }} - lag(counted.{{ ts }}) over (
                        partition by counted.{{ learner }}, counted._counts
                        order by counted.{{ ts }}, counted.{{ event_id }}
                    ) <= {{ timeout }},
                    false
                ) as _continues
            from (
                select
                    events.*,
                    coalesce({{ only }}, false) as _counts
                from {{ relation }} as events
            ) as counted
        ) as marked
        window learner_events as (
            partition by marked.{{ learner }}, marked._counts
            order by marked.{{ ts }}, marked.{{ event_id }}
        )
    ) as runs
{%- endmacro %}
