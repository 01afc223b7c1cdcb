{#-
    Law 2, behind the events: whose, where and when something changed since this model was last
    built. These are the events that arrived and, in an increment, what they were before.

    `events`: CTE of rows of `fact_learning_event`, not materialized; `columns`: what to return of
    them besides, null for what they were before.
-#}
{% macro touched_places(events, columns=[]) -%}
    select
        {% for column in columns %}{{ column }},
        {% endfor -%}
        student_hash,
        course_id,
        ts,
        _load_id
    from {{ events }}
    where {{ arrived_since_last_build() }}
    {%- if is_incremental() %}

    union all

    select
        {% for column in columns %}null as {{ column }},
        {% endfor -%}
        student_hash,
        course_id,
        ts,
        _load_id
    from ({{ former_places() }}) as formerly
    {%- endif %}
{%- endmacro %}
