{#- yyyymmdd of a date, the key of dim_date. -#}
{% macro date_key(date) -%}
    to_char({{ date }}, 'YYYYMMDD')::integer
{%- endmacro %}
