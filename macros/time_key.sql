{#- The key of dim_time of an instant, minutes since midnight in the reporting time zone. -#}
{% macro time_key(instant) -%}
    (
        extract(hour from {{ instant }} at time zone '{{ var("reporting_timezone") }}') * 60
        + extract(minute from {{ instant }} at time zone '{{ var("reporting_timezone") }}')
    )::integer
{%- endmacro %}
