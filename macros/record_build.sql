{#- on-run-end: one row in `ops.build_run` per invocation that built or tested something. -#}
{% macro record_build(results) %}
    {%- set executed = results | selectattr('node.resource_type', 'in',
        ['model', 'snapshot', 'seed', 'test', 'unit_test']) | list -%}
    {%- if execute and executed and flags.WHICH in ('build', 'run', 'test', 'seed', 'snapshot') -%}
        {%- set tests = executed
            | selectattr('node.resource_type', 'in', ['test', 'unit_test']) | list -%}
        {%- set failures = executed
            | selectattr('status', 'in', ['error', 'fail', 'runtime error', 'skipped']) | list -%}
        insert into ops.build_run (
            invocation_id, command, started_at, completed_at, status, models, tests, failures
        )
        values (
            '{{ invocation_id }}', '{{ flags.WHICH }}',
            '{{ run_started_at.isoformat() }}', clock_timestamp(),
            '{{ "failed" if failures else "ok" }}',
            {{ (executed | length) - (tests | length) }}, {{ tests | length }},
            {{ failures | length }}
        )
    {%- endif -%}
{% endmacro %}
