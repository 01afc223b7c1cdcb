{#- First day of the calendar month of an instant in the reporting time zone. -#}
{% macro local_month(instant) -%}
    date_trunc('month', {{ local_date(instant) }}::timestamp)::date
{%- endmacro %}
