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
    {%- set described = format_columns(get_column_schema_from_query(both)) -%}
    {%- set promised = described[-(model.columns | length):] -%}
    {%- set given = described[:-(model.columns | length)] -%}
    {%- if given | map(attribute='formatted') | sort != promised | map(attribute='formatted') | sort -%}
        {%- do exceptions.raise_contract_error(promised, given) -%}
    {%- endif -%}
{%- endmacro %}
