{#- What macros ask the warehouse. While dbt parses there is nobody to ask. -#}

{#- Names of the columns of a relation, except those listed (in any case). -#}
{% macro get_filtered_columns_in_relation(from, except=[]) -%}
    {%- set names = [] -%}
    {%- set left_out = except | map("lower") | list -%}
    {%- for column in adapter.get_columns_in_relation(from) if execute -%}
        {%- if column.name | lower not in left_out -%}
            {%- do names.append(column.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}


{#- The values of a column as a list, the most frequent first. -#}
{% macro get_column_values(
    table, column, order_by="count(*) desc", max_records=none, default=none, where=none
) -%}
    {%- if not execute -%}
        {{ return(default or []) }}
    {%- endif -%}
    {%- if load_relation(table) is none -%}
        {%- if default is none -%}
            {{ exceptions.raise_compiler_error(table ~ " does not exist, and there is no default") }}
        {%- endif -%}
        {{ return(default) }}
    {%- endif -%}
    {%- set query -%}
        select {{ column }} as value
        from {{ table }}
        {{ "where " ~ where if where is not none }}
        group by {{ column }}
        order by {{ order_by }}
        {{ "limit " ~ max_records if max_records is not none }}
    {%- endset -%}
    {%- set values = run_query(query).columns[0].values() | list -%}
    {{ return(values or default) }}
{%- endmacro %}


{#- The first column of the first row, or `default` where there is none. -#}
{% macro get_single_value(query, default=none) -%}
    {%- set values = run_query(query).columns[0].values() if execute else [] -%}
    {{ return(values[0] if values else default) }}
{%- endmacro %}
