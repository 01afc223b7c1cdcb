{#-
    All events of the touched days of a person; every event outside increments. `events`: CTE with
    student_hash, ts and the date in the reporting time zone; `touched`: CTE with student_hash
    and date.
-#}
{% macro events_of_touched_days(events, touched) -%}
    select events.*
    from {{ events }} as events
    {%- if is_incremental() %}
    inner join {{ touched }} as touched
        on
            events.student_hash = touched.student_hash
            and events.date = touched.date
    -- the day in any time zone lies within these bounds, which the index can use
    where
        events.ts >= (touched.date - 1)::timestamp at time zone 'UTC'
        and events.ts < (touched.date + 2)::timestamp at time zone 'UTC'
    {%- endif -%}
{%- endmacro %}
