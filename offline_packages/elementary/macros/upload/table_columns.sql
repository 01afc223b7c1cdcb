{#- Columns of the package's tables, named as upstream's: (name, type) pairs for `empty_table`. -#}
{% macro _text_columns(names) %}
    {%- set columns = [] -%}
    {%- for name in names.split() -%}
        {%- do columns.append((name, 'string')) -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}
