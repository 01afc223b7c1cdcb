{#- What an invocation did, and what the project looks like, stored for the report. -#}
{% macro on_run_end() %}
    {%- set is_freshness = flags.WHICH in ['freshness', 'source-freshness'] -%}
    {%- set is_build = flags.WHICH in ['build', 'run', 'test', 'seed', 'snapshot'] -%}
    {%- if not execute or not (is_build or is_freshness)
        or elementary.get_config_var('edr_cli_run') -%}
        {{ return('') }}
    {%- endif -%}
    {%- if is_build and not elementary.get_config_var('disable_dbt_artifacts_autoupload') -%}
        {%- do elementary.upload_dbt_artifacts() -%}
    {%- endif -%}
    {%- if is_build and not elementary.get_config_var('disable_run_results') -%}
        {%- do elementary.upload_run_results() -%}
    {%- endif -%}
    {%- if is_build and not elementary.get_config_var('disable_tests_results') -%}
        {%- do elementary.handle_tests_results() -%}
    {%- endif -%}
    {%- if is_freshness and not elementary.get_config_var('disable_freshness_results') -%}
        {%- do elementary.upload_source_freshness() -%}
    {%- endif -%}
    {%- if not elementary.get_config_var('disable_dbt_invocation_autoupload') -%}
        {%- do elementary.upload_dbt_invocation() -%}
    {%- endif -%}
    {{ return('') }}
{% endmacro %}
