{#- How dbt drops a table here: threads take turns. -#}
{% macro postgres__drop_table(relation) -%}
    {{ drop_in_turn('table', relation) }}
{%- endmacro %}
