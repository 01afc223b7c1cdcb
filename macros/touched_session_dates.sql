{#-
    The days an increment of day grain computes anew, where a row counts sessions by the day they
    begin: all days an arrived session spans. A session that merged into it began on one of them.
-#}
{% macro touched_session_dates(sessions) -%}
    select distinct day::date as date
    from (select * from {{ sessions }}) as changed
    cross join lateral generate_series(
        {{ local_date('changed.session_start') }}::timestamp,
        {{ local_date('changed.session_end') }}::timestamp,
        interval '1 day'
    ) as day
    where {{ arrived_since_last_build('changed') }}
{%- endmacro %}
