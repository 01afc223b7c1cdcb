{#-
    `not_null` of several columns at once, with the names of those that are null: a test of each
    column costs dbt more than it costs Postgres, and reads the table once more.
-#}
{% test never_null(model, columns) %}
{%- set names = columns | map('string') | list %}
select
    array_remove(array[
        {%- for name in names %}
        case when {{ adapter.quote(name) }} is null then '{{ name }}' end{{ ',' if not loop.last }}
        {%- endfor %}
    ], null) as null_columns
from {{ model }}
where num_nulls({% for name in names %}{{ adapter.quote(name) }}{{ ', ' if not loop.last }}{% endfor %}) > 0
{% endtest %}
