{#- Columns that differ from those documented, in name or, where the YAML has one, in type. -#}
{% test schema_changes_from_baseline(model, fail_on_added=False, enforce_types=False) %}
    {{ config(tags=['elementary-tests']) }}
    {%- if not elementary.is_test_command() -%}
        {{ return(elementary.no_results_query()) }}
    {%- endif -%}
    {%- set columns = (elementary._tested_node().columns or {}).values() | list -%}
    {%- if not columns -%}
        {%- do elementary._reject('the YAML names no columns') -%}
    {%- endif -%}
    {{ elementary._column_changes(
        elementary._columns_now(elementary._tested_relation()),
        elementary._columns_documented(columns, enforce_types),
        include_added=fail_on_added,
    ) }}
{% endtest %}
