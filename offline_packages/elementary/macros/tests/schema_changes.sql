{#- Columns that came, went or changed their type since the last run of this test. -#}
{% test schema_changes(model) %}
    {{ config(tags=['elementary-tests']) }}
    {%- if not elementary.is_test_command() -%}
        {{ return(elementary.no_results_query()) }}
    {%- endif -%}
    {{ elementary._column_changes(
        elementary._columns_now(elementary._tested_relation()),
        elementary._columns_before(elementary._name_in_full()),
    ) }}
{% endtest %}
