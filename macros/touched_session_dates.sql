{#-
    The days an increment of day grain computes anew, where a row counts sessions by the day they
    begin: all days an arrived session spans, because a session that merged into it began on one of
    them, and the days from which an event was moved to another.
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
    {%- if is_incremental() %}
    union
    select {{ local_date('ts') }} as date
    from ({{ former_places() }}) as formerly
    where is_redated
    {%- endif %}
{%- endmacro %}
