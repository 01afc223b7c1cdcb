{#-
    Law 3, incremental side: the events already built whose sessions an arrival may change.

    An arrival changes a session only if it lies inside it or within the timeout of one of its
    ends, so it must lie within the timeout of one of its events; sessions further away are left
    alone, however late the arrival is. An arrival that replaces an earlier copy of itself also
    re-opens the session of that copy. Copies of the arrivals themselves are not returned.

    `arrived`: relation or CTE of the new rows with `event_key`, `ts`, the column `learner` and the
    condition `only`; `columns`: what to return of `this`.
-#}
{% macro reopened_events(arrived, columns, only='true', learner='student_hash') -%}
    {%- set timeout = "interval '" ~ var('session_timeout_minutes') ~ " minutes'" -%}
    select
        {% for column in columns %}known.{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from (
        select near.session_id
        from (
            -- arrivals close to each other look at the same neighbourhood once
            select
                runs.{{ learner }},
                min(runs.ts) - {{ timeout }} as from_ts,
                max(runs.ts) + {{ timeout }} as to_ts
            from ({{ sessionize(arrived, learner=learner, only=only) }}) as runs
            where runs._counts
            group by runs.{{ learner }}, runs.session_id
        ) as neighbourhood
        -- by the index, however much is built: a fence (offset 0) keeps the planner, which cannot
        -- know how few sessions are near, from reading all of it
        cross join lateral (
            select built.session_id
            from {{ this }} as built
            where
                neighbourhood.{{ learner }} = built.{{ learner }}
                and built.ts >= neighbourhood.from_ts
                and built.ts <= neighbourhood.to_ts
            offset 0
        ) as near

        union

        select copy.session_id
        from {{ arrived }} as newer
        cross join lateral (
            select built.session_id
            from {{ this }} as built
            where newer.event_key = built.event_key
            offset 0
        ) as copy
    ) as reopened
    cross join lateral (
        select built.*
        from {{ this }} as built
        where reopened.session_id = built.session_id
        offset 0
    ) as known
    where
        not exists (
            select 1 from {{ arrived }} as newer where newer.event_key = known.event_key
        )
{%- endmacro %}
