{#- Moodle's clock: epoch seconds, where 0 and null both mean "not set". -#}
{% macro epoch_to_timestamp(column) -%}
    to_timestamp(nullif({{ column }}, 0))
{%- endmacro %}
