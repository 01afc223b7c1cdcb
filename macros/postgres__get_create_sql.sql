{#- How dbt creates a relation here: failures of a test are stored without what is personal. -#}
{% macro postgres__get_create_sql(relation, sql) -%}
    {%- if model.resource_type == 'test' -%}
        {%- set storable = storable_columns(get_columns_in_query(sql), model) -%}
        {%- set rows -%}
            select {{ storable | map('tojson') | join(', ') }} from ({{ sql }}) as failed
        {%- endset -%}
        {%- set sql = rows -%}
    {%- endif -%}
    {{ default__get_create_sql(relation, sql) }}
{%- endmacro %}
