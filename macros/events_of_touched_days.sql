{#-
    All events of the days of a person that an arrival touches; every event outside increments.
    `events`: CTE with student_hash, ts, date (in the reporting time zone) and `_load_id`, not
    materialized: it is read twice.
-#}
{% macro events_of_touched_days(events) -%}
    select events.*
    from {{ events }} as events
    {%- if is_incremental() %}
    inner join (
        select distinct
            student_hash,
            date
        from {{ events }}
        where {{ arrived_since_last_build() }}
    ) as touched
        on
            events.student_hash = touched.student_hash
            and events.date = touched.date
    -- the day in any time zone lies within these bounds, which the index can use
    where
        events.ts >= (touched.date - 1)::timestamp at time zone 'UTC'
        and events.ts < (touched.date + 2)::timestamp at time zone 'UTC'
    {%- endif -%}
{%- endmacro %}
