{#- Where elementary's tables are, and what is in them. -#}

{% macro target_database() %}
    {{ return(target.dbname) }}
{% endmacro %}

{% macro get_package_database_and_schema(package_name='elementary') %}
    {%- set nodes = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
        | selectattr('package_name', 'equalto', package_name) -%}
    {%- set node = (nodes | first) if execute else none -%}
    {{ return([node.database, node.schema] if node else [none, none]) }}
{% endmacro %}

{#- The table of that name in elementary's schema, none where it was not built yet. -#}
{% macro get_elementary_relation(identifier) %}
    {%- if execute -%}
        {%- set node = graph.nodes.get('model.elementary.' ~ identifier) -%}
        {%- if node -%}
            {{ return(adapter.get_relation(node.database, node.schema, node.alias)) }}
        {%- endif -%}
        {%- set database, schema = elementary.get_package_database_and_schema() -%}
        {{ return(adapter.get_relation(database, schema, identifier)) }}
    {%- endif -%}
{% endmacro %}

{% macro relation_exists(relation) %}
    {{ return(dbt.load_relation(relation) is not none) }}
{% endmacro %}

{% macro get_column_in_relation(relation, column_name) %}
    {%- set found = adapter.get_columns_in_relation(relation)
        | selectattr('name', 'equalto', column_name) | list -%}
    {{ return(found | first if found else none) }}
{% endmacro %}

{% macro column_exists_in_relation(relation, column_name) %}
    {%- set names = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {{ return(column_name | lower in names) }}
{% endmacro %}

{% macro has_temp_table_support() %}
    {{ return(true) }}
{% endmacro %}

{#- A table of this session. -#}
{% macro create_temp_table(database_name, schema_name, table_name, sql_query) %}
    {%- set relation = api.Relation.create(identifier=table_name).include(
        database=false, schema=false
    ) -%}
    {%- do dbt.run_query(
        'drop table if exists pg_temp.' ~ relation ~ '; create temporary table ' ~ relation
        ~ ' as ' ~ sql_query
    ) -%}
    {{ return(relation) }}
{% endmacro %}

{% macro fully_drop_relation(relation) %}
    {%- do dbt.run_query('drop table if exists ' ~ relation ~ ' cascade') -%}
{% endmacro %}
