{#-
    Law 3, behind the events: the sessions a model of session grain has to compute anew, those of
    the events that arrived and those the model holds that began at one of these events: they may
    have merged into another session since, and come back empty to be deleted.

    `arrived`: relation or CTE of the changed events with `session_id`, `ts` and the column
    `learner`; `this` has `session_id`, the same column and `start`, when the session, or the part
    of it that is a row, began.
-#}
{% macro touched_sessions(arrived, learner='student_hash', start='session_start') -%}
    select session_id from {{ arrived }}
    {%- if is_incremental() %}
    where session_id is not null
    union
    select built.session_id
    from {{ this }} as built
    inner join {{ arrived }} as changed
        on built.{{ learner }} = changed.{{ learner }} and built.{{ start }} = changed.ts
    {%- else %}
    group by session_id
    {%- endif -%}
{%- endmacro %}
