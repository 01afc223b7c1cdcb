{#- The highest `_load_id` (or other `column`) a built model holds, 0 if none: asked now, as a number. -#}
{% macro built_up_to(relation, column='_load_id') -%}
    {%- if execute -%}
        {{ return(
            run_query('select coalesce(max(' ~ column ~ '), 0) from ' ~ relation).columns[0].values()[0]
            | int
        ) }}
    {%- endif -%}
    {{ return(0) }}
{%- endmacro %}
