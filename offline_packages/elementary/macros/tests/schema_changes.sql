{#- Columns that came, went or changed their type since the last run of this test. -#}
{% test schema_changes(model) %}
    {{ config(tags=['elementary-tests']) }}
    {%- if not elementary.is_test_command() -%}
        {{ return(elementary.no_results_query()) }}
    {%- endif -%}
    {{ elementary.column_changes(
        elementary.columns_now(elementary.tested_relation()),
        elementary.columns_before(elementary.full_table_name()),
    ) }}
{% endtest %}
