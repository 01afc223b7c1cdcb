{#- The highest `_load_id` a built model holds, 0 if none: asked now, as a number. -#}
{% macro built_up_to(relation) -%}
    {%- if execute -%}
        {{ return(
            run_query('select coalesce(max(_load_id), 0) from ' ~ relation).columns[0].values()[0]
            | int
        ) }}
    {%- endif -%}
    {{ return(0) }}
{%- endmacro %}
