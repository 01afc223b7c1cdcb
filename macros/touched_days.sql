{#-
    The days of a person an increment of that grain computes anew: those of the events that arrived,
    and those these were on before. A day that nothing is left of is among them.

    `events`: CTE of rows of `fact_learning_event`, not materialized; `instants`: columns whose
    days an event counts on.
-#}
{% macro touched_days(events, instants=['ts']) -%}
    select
        places.student_hash,
        {{ local_date('instant.ts') }} as date,
        max(places._load_id) as _load_id
    from ({{ touched_places(events, instants | reject('equalto', 'ts') | list) }}) as places
    cross join lateral (values (places.{{ instants | join('), (places.') }})) as instant (ts)
    where places.student_hash is not null
    group by places.student_hash, {{ local_date('instant.ts') }}
{%- endmacro %}
