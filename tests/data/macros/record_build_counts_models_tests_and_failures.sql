-- Proves that an invocation is recorded with its models, tests and failures, hooks left out, and
-- that one which ran nothing leaves no row.
{%- set results = [
    {'node': {'resource_type': 'model'}, 'status': 'success'},
    {'node': {'resource_type': 'snapshot'}, 'status': 'success'},
    {'node': {'resource_type': 'seed'}, 'status': 'skipped'},
    {'node': {'resource_type': 'test'}, 'status': 'pass'},
    {'node': {'resource_type': 'test'}, 'status': 'warn'},
    {'node': {'resource_type': 'test'}, 'status': 'fail'},
    {'node': {'resource_type': 'unit_test'}, 'status': 'error'},
    {'node': {'resource_type': 'operation'}, 'status': 'success'},
] %}

with cases as (

    select
        'three models, four tests, three failures' as problem,
        $record${{ record_build(results) }}$record$ as statement,
        $$'failed',\s*3, 4,\s*3\s*\)\s*$$ as expected

    union all

    select
        'two models, two tests, no failure' as problem,
        $record${{ record_build(results[:2] + results[3:5]) }}$record$ as statement,
        $$'ok',\s*2, 2,\s*0\s*\)\s*$$ as expected

    union all

    select
        'nothing but a hook' as problem,
        $record${{ record_build(results[7:]) }}$record$ as statement,
        '^\s*$' as expected

)

select *
from cases
where statement !~ expected
