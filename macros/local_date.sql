{#- The calendar date of an instant in the reporting time zone. -#}
{% macro local_date(instant) -%}
    ({{ instant }} at time zone '{{ var("reporting_timezone") }}')::date
{%- endmacro %}
