{#- Tests tell elementary what they found, and never whose it is. -#}
{% materialization test, default %}
    {%- do hide_personal_data(model, sql) -%}
    {{ return(elementary.materialize_test(dbt.materialization_test_default)) }}
{% endmaterialization %}
