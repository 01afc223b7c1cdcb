{#- How dbt drops a view here: threads take turns. -#}
{% macro postgres__drop_view(relation) -%}
    {{ drop_in_turn('view', relation) }}
{%- endmacro %}
