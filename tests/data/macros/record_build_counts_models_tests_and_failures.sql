-- Proves that an invocation is recorded with its models, tests and failures, hooks left out, and
-- each node with how it ended; that one which ran nothing leaves no row, and that what a database
-- said of an error, which may quote values, is not kept.
{%- set at = modules.datetime.datetime(2026, 1, 2, 3, 4, 5) %}
{%- set timing = [
    {'name': 'compile', 'started_at': at, 'completed_at': at},
    {'name': 'execute', 'started_at': at, 'completed_at': at + modules.datetime.timedelta(seconds=9)},
] %}
{%- set ran = {
    'timing': timing, 'failures': none, 'message': 'SELECT 5', 'adapter_response': {'rows_affected': 5},
} %}
{%- set not_run = {'timing': [], 'failures': none, 'message': none, 'adapter_response': {}} %}
{%- set results = [] %}
{%- for kind, status, details in [
    ('model', 'success', ran), ('snapshot', 'success', ran), ('seed', 'skipped', not_run),
    ('test', 'pass', dict(ran, failures=0)), ('test', 'warn', dict(ran, failures=2)),
    ('test', 'fail', dict(ran, failures=7)),
    ('unit_test', 'error', dict(not_run, message='Database Error in x\n  invalid: "ann@example.org"')),
    ('operation', 'success', not_run),
] %}
    {%- set node = {'resource_type': kind, 'unique_id': kind ~ '.coursehouse.x' ~ loop.index, 'tags': []} %}
    {%- do results.append(dict(details, node=node, status=status)) %}
{%- endfor %}
{%- set rule = {'resource_type': 'model', 'unique_id': 'model.coursehouse.y', 'tags': ['alert']} %}
{%- set evaluation = [dict(ran, node=rule, status='success')] %}
{%- set recent = dict(rule, tags=['near_real_time']) %}
{%- set cycle = [dict(ran, node=recent, status='success')] %}
{%- set failed_cycle = cycle + [dict(ran, node=recent, status='error')] %}

with cases as (

    select
        'three models, four tests, three failures' as problem,
        $record${{ record_build(results) }}$record$ as statement,
        $$'failed',\s*3, 4,\s*3\s*\);$$ as expected

    union all

    select
        'two models, two tests, no failure' as problem,
        $record${{ record_build(results[:2] + results[3:5]) }}$record$ as statement,
        $$'ok',\s*2, 2,\s*0\s*\);$$ as expected

    union all

    select
        'a model with its rows and times' as problem,
        $record${{ record_build(results[:1]) }}$record$ as statement,
        $$'model.coursehouse.x1',\s*'model', 'success',\s*null,\s*5,\s*$$
        || $$'2026-01-02T03:04:05Z',\s*'2026-01-02T03:04:14Z',\s*null\s*\);$$ as expected

    union all

    select
        'a test with its failures' as problem,
        $record${{ record_build(results[5:6]) }}$record$ as statement,
        $$'test', 'fail',\s*7,\s*5,$$ as expected

    union all

    select
        'an error by its class only' as problem,
        replace($record${{ record_build(results[6:7]) }}$record$, 'ann', '!') as statement,
        $$'error',\s*null,\s*null,\s*null,\s*null,\s*'Database Error'\s*\);[^!]*$$ as expected

    union all

    select
        'a build of everything is measured' as problem,
        $record${{ record_build(results[:1], is_whole=true) }}$record$ as statement,
        'insert into ops.metric_sample' as expected

    union all

    select
        'a build of a part is not' as problem,
        $record${{ record_build(results[:1], is_whole=false) }}$record$ as statement,
        '^(?!.*insert into ops.metric_sample)' as expected

    union all

    select
        'an evaluation of alerts is no build' as problem,
        $record${{ record_build(evaluation, is_whole=false) }}$record$ as statement,
        $$^\s*insert into ops.build_run [^;]*, 'alert',[^;]*;\s*\Z$$ as expected

    union all

    select
        'a cycle of a stream leaves nothing' as problem,
        $record${{ record_build(cycle, is_whole=false) }}$record$ as statement,
        '^\s*$' as expected

    union all

    select
        'a cycle of a stream that failed leaves what failed, and is no build' as problem,
        $record${{ record_build(failed_cycle, is_whole=false) }}$record$ as statement,
        $$, 'stream',[^~]*'error',[^~]*\);\s*\Z$$ as expected

    union all

    select
        'nothing but a hook' as problem,
        $record${{ record_build(results[7:]) }}$record$ as statement,
        '^\s*$' as expected

)

select *
from cases
where statement !~ expected
