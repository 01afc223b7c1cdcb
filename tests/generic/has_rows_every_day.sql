{#- Every day has rows, in the last `days` days up to the newest row: none was lost on the way. -#}
{% test has_rows_every_day(model, column_name, days) %}
with held as (

    select distinct {{ local_date(column_name) }} as day
    from {{ model }}

),

expected as (

    select generate_series(
        greatest(min(day), max(day) - {{ days - 1 }}), max(day), interval '1 day'
    )::date as day
    from held

)

select day
from expected
where not exists (select 1 from held where held.day = expected.day)
{% endtest %}
