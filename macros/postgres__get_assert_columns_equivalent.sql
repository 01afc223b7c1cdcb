{#-
    The check of a contract, with one query where dbt asks two: what the model's query gives and
    what its YAML promises, side by side in one row. Every build checks each mart.
-#}
{% macro postgres__get_assert_columns_equivalent(sql) -%}
    {%- if not model.columns -%}
        {{ exceptions.raise_contract_error([], []) }}
    {%- endif -%}
    {%- set both -%}
        select given.*, promised.*
        from ({{ sql }}) as given
        cross join ({{ get_empty_schema_sql(model.columns) }}) as promised
    {%- endset -%}
    {%- set described = get_column_schema_from_query(both) -%}
    {%- set columns = [] -%}
    {%- for column in described -%}
        {%- do columns.append(column.name | lower ~ ' ' ~ column.dtype) -%}
    {%- endfor -%}
    {%- set promised = model.columns | length -%}
    {%- if columns[:-promised] | sort != columns[-promised:] | sort -%}
        {%- do exceptions.raise_contract_error(
            format_columns(described[-promised:]), format_columns(described[:-promised])
        ) -%}
    {%- endif -%}
{%- endmacro %}
