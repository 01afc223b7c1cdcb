{#-
    on-run-end: what an invocation that built or tested something did. One row in `ops.build_run`,
    one per node in `ops.build_result`, and of a build of everything (macro `is_whole_build`) two
    samples for the rules of alerts. Invocations that only
    evaluate those rules are known as command alert, those of a stream as command stream: they come
    every minute, so their nodes, and of a stream the run itself, are kept only if one failed. An
    invocation with --empty did nothing.
-#}
{% macro record_build(results, is_whole=is_whole_build()) %}
    {%- set executed = results | selectattr('node.resource_type', 'in',
        ['model', 'snapshot', 'seed', 'test', 'unit_test']) | list -%}
    {%- if execute and executed and not flags.EMPTY
            and flags.WHICH in ('build', 'run', 'test', 'seed', 'snapshot') -%}
        {%- set tests = executed
            | selectattr('node.resource_type', 'in', ['test', 'unit_test']) | list -%}
        {%- set failures = executed
            | selectattr('status', 'in', ['error', 'fail', 'runtime error', 'skipped']) | list -%}
        {%- set kinds = [] -%}
        {%- for result in executed -%}
            {%- set tags = result.node.tags or [] -%}
            {%- do kinds.append(
                'alert' if 'alert' in tags
                else 'stream' if 'near_real_time' in tags
                else flags.WHICH
            ) -%}
        {%- endfor -%}
        {%- set is_build = flags.WHICH in kinds -%}
        {%- set command = flags.WHICH if is_build else 'alert' if 'alert' in kinds else 'stream' -%}
        {%- if command != 'stream' or failures %}
        insert into ops.build_run (
            invocation_id, command, started_at, completed_at, status, models, tests, failures
        )
        values (
            '{{ invocation_id }}', '{{ command }}',
            '{{ run_started_at.isoformat() }}', clock_timestamp(),
            '{{ "failed" if failures else "ok" }}',
            {{ (executed | length) - (tests | length) }}, {{ tests | length }},
            {{ failures | length }}
        );
        {%- endif -%}
        {%- if is_build or failures %}
        insert into ops.build_result (
            invocation_id, unique_id, resource_type, status, failures, rows_affected,
            started_at, completed_at, message_class
        )
        values
        {%- for result in executed %}
            {%- set begun = result.timing | selectattr('started_at') | list %}
            {%- set ended = result.timing | selectattr('completed_at') | list %}
            {%- set rows = (result.adapter_response or {}).get('rows_affected') %}
            {%- set word = modules.re.match('[A-Z][a-z]+ Error', result.message or '') %}
            (
                '{{ invocation_id }}', '{{ result.node.unique_id }}',
                '{{ result.node.resource_type }}', '{{ result.status }}',
                {{ 'null' if result.failures is none else result.failures | int }},
                {{ rows if rows is integer and rows >= 0 else 'null' }},
                {{ "'" ~ begun[0].started_at.isoformat() ~ "Z'" if begun else 'null' }},
                {{ "'" ~ ended[-1].completed_at.isoformat() ~ "Z'" if ended else 'null' }},
                {{ "'" ~ word.group() ~ "'" if word else 'null' }}
            ){{ ',' if not loop.last else ';' }}
        {%- endfor %}
        {%- endif -%}
        {%- if is_whole %}
        insert into ops.metric_sample (metric, value)
        values
            ('coursehouse_build_failures', {{ failures | length }}),
            (
                'coursehouse_build_duration_seconds',
                extract(epoch from clock_timestamp() - '{{ run_started_at.isoformat() }}'::timestamptz)
            )
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
