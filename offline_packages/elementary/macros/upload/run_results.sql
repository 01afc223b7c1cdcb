{#- One row per node that an invocation ran. -#}
{% macro upload_run_results() %}
    {%- set rows = [] -%}
    {%- for result in results if result.node -%}
        {%- set node = result.node -%}
        {%- set response = result.adapter_response or {} -%}
        {%- set affected = response.get('rows_affected') -%}
        {%- set row = {
            'model_execution_id': invocation_id ~ '.' ~ node.unique_id,
            'unique_id': node.unique_id,
            'name': node.name,
            'message': elementary._without_values(result.message),
            'status': result.status | string,
            'resource_type': node.resource_type | string,
            'execution_time': result.execution_time,
            'rows_affected': affected if affected is number and affected >= 0 else none,
            'failures': result.failures,
            'thread_id': result.thread_id,
            'materialization': node.config.materialized or none,
            'adapter_response': response,
            'group_name': node.config.group or none,
        } -%}
        {%- if row.resource_type in ['model', 'snapshot'] -%}
            {#- of tests the query stands beside the result, and only where it matters -#}
            {%- do row.update({'compiled_code': node.compiled_code}) -%}
        {%- endif -%}
        {%- for timing in result.timing or [] if timing.started_at and timing.completed_at -%}
            {%- do row.update({
                timing.name ~ '_started_at': timing.started_at.isoformat(),
                timing.name ~ '_completed_at': timing.completed_at.isoformat(),
            }) -%}
        {%- endfor -%}
        {%- do rows.append(row) -%}
    {%- endfor -%}
    {%- do elementary._store_rows('dbt_run_results', rows, {
        'invocation_id': invocation_id,
        'full_refresh': flags.FULL_REFRESH or false,
    }) -%}
{% endmacro %}

{% macro upload_dbt_invocation() %}
    {%- do elementary._store_rows('dbt_invocations', [{
        'invocation_id': invocation_id,
        'run_started_at': run_started_at.strftime('%Y-%m-%d %H:%M:%S'),
        'run_completed_at': elementary._utc_now(),
        'command': flags.WHICH,
        'dbt_version': dbt_version,
        'elementary_version': elementary.get_elementary_package_version(),
        'full_refresh': flags.FULL_REFRESH or false,
        'target_name': target.name,
        'target_database': target.dbname,
        'target_schema': target.schema,
        'target_profile_name': target.profile_name,
        'threads': target.threads,
        'selected': (invocation_args_dict.select or []) | list,
        'project_name': project_name,
        'job_name': env_var('JOB_NAME', '') or none,
        'git_sha': env_var('DBT_GIT_SHA', '') or none,
        'orchestrator': env_var('ORCHESTRATOR', '') or none,
    }]) -%}
{% endmacro %}

{% macro get_elementary_package_version() %}
    {{ return('0.26.1+standin') }}
{% endmacro %}

{#-
    A message of the database without the values it quotes ("invalid input syntax for type date:
    "4 May"", "Key (email)=(...) already exists"): they may be somebody's. A value may hold quotes
    and new lines, so what stands between the first and the last quote goes, and all details.
-#}
{% macro _without_values(message) %}
    {%- if message is none -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set said = modules.re.sub('(?s)(DETAIL|CONTEXT|HINT|LINE \\d+):.*', '\\1: ...', message | string) -%}
    {{ return(modules.re.sub('(?s)".*"', '"..."', said)) }}
{% endmacro %}
