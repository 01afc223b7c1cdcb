{#- Variables of the package, by upstream's names, and what they are if nobody sets them. -#}
{% macro get_config_var(var_name) %}
    {%- set value = var(var_name, {
        'days_back': 14,
        'backfill_days': 2,
        'anomaly_sensitivity': 3,
        'anomaly_direction': 'both',
        'fail_on_zero': false,
        'test_sample_row_count': 5,
        'disable_dbt_artifacts_autoupload': false,
        'disable_run_results': false,
        'disable_tests_results': false,
        'disable_freshness_results': false,
        'disable_dbt_invocation_autoupload': false,
        'edr_cli_run': false,
    }.get(var_name)) -%}
    {%- if value is string and value | lower in ['true', 'false'] -%}
        {{ return(value | lower == 'true') }}
    {%- endif -%}
    {{ return(value) }}
{% endmacro %}

{% macro get_default_table_type() %}
    {{ return(none) }}
{% endmacro %}

{% macro get_default_incremental_strategy() %}
    {{ return(none) }}
{% endmacro %}
